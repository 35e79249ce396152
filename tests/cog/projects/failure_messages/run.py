from cog import BaseRunner


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS = {
    "plain": RuntimeError("no such luck"),
    "empty": ValueError(),
    "blank": ValueError(" \n"),
    "key": KeyError("prompt"),
    "lines": RuntimeError('first line\nsecond line\n{"a": 1}'),
    "odd": RuntimeError("Zoë 🦊 \ud83d \0"),
    "speechless": Speechless(),
    "group": ExceptionGroup("two things", [ValueError("one"), TypeError("two")]),
}


class Runner(BaseRunner):
    def run(self, kind: str) -> str:
        if kind == "cause":
            try:
                raise ValueError("below")
            except ValueError as exc:
                raise RuntimeError("on top") from exc
        raise ERRORS[kind]
