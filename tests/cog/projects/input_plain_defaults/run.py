from cog import BaseRunner

PLACE = "the sea"


class Runner(BaseRunner):
    def run(self, times: int, prompt: str = "a day at", place: str = PLACE, sharp: bool = False) -> str:
        return f"{times}x {prompt} {place} {sharp}"
