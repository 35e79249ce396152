from typing import Any

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, count: int) -> list[dict[str, Any]]:
        return [picture(number) for number in reversed(range(count))]


def picture(number: int) -> dict[str, Any]:
    path = Path(f"{number}.txt")
    path.write_text(str(number))
    return {"caption": f"number {number}", "image": path}
