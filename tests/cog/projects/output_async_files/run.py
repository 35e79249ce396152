import asyncio

from cog import BaseRunner, Path


class Runner(BaseRunner):
    async def run(self, count: int) -> list[Path]:
        files = await asyncio.gather(*(write(number) for number in range(count)))
        return list(reversed(files))


async def write(number: int) -> Path:
    await asyncio.sleep(0.01 * number)
    path = Path(f"{number}.txt")
    path.write_text(str(number))
    return path
