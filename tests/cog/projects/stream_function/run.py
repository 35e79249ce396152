from collections.abc import Iterator


def run(text: str) -> Iterator[str]:
    yield from text
