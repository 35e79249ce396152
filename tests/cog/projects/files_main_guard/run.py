from cog import BaseRunner

state = "not run"


class Runner(BaseRunner):
    def run(self) -> str:
        return state


if __name__ == "__main__":
    state = "run"
