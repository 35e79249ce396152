from .marks import MARK


def emphasized(text: str) -> str:
    return text + MARK
