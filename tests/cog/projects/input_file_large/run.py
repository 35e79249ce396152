from hashlib import sha256

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, video: Path) -> str:
        return f"{video.stat().st_size} {sha256(video.read_bytes()).hexdigest()[:8]}"
