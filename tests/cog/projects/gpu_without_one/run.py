from cog import BaseRunner


class Runner(BaseRunner):
    def load(self, device: int) -> str:
        return f"device {device}"

    def run(self) -> str:
        return self.load(device=0)
