from concurrent.futures import ThreadPoolExecutor

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> list[int]:
        with ThreadPoolExecutor() as pool:
            return list(pool.map(work, range(3)))


def work(number: int) -> int:
    print(f"thread {number}")
    return number
