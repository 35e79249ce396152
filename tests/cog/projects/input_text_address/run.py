from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, url: str, urls: list[str] = []) -> str:
        return f"{type(url).__name__} {url} {urls}"
