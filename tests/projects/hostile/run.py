from cog import BaseRunner, ConcatenateIterator

TITLE = "\x1b]0;owned\x07"
CLIPBOARD = "\x1b]52;c;b3duZWQ=\x07"


class Runner(BaseRunner):
    def run(self, fail: bool = False) -> ConcatenateIterator[str]:
        """Tries to rename the window, to clear it, to write to the clipboard, and to hide what it writes."""
        print(f"{TITLE}a \x1b[2Jlog\x1b[8m line")
        yield f"{TITLE}one \x1b[2"
        yield f"Jtwo {CLIPBOARD}three"
        if fail:
            raise RuntimeError(f"{CLIPBOARD}no \x1b[31mluck")
