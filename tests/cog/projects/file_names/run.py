import os

from cog import BaseRunner, Path

FILES = {
    "Zoë 🦊.txt": "fox",
    "a#b%20.txt": "signs",
    "new\nline.txt": "control",
    os.fsdecode(b"caf\xe9.txt"): "latin",
}


class Runner(BaseRunner):
    def run(self) -> list[Path]:
        for name, text in FILES.items():
            Path(name).write_text(text)
        return [Path(name) for name in FILES]
