from cog import AsyncConcatenateIterator


async def run(text: str) -> AsyncConcatenateIterator[str]:
    for letter in text:
        yield letter
