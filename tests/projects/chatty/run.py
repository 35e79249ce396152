from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, lines: int, fail: bool = False) -> int:
        for number in range(lines):
            print(f"line {number}")
        print("no end of line", end="")
        if fail:
            raise RuntimeError("after all that")
        return lines
