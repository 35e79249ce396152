from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, messages: list[dict]) -> str:
        return " / ".join(f"{message['role']}: {message['content']}" for message in messages)
