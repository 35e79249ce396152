import json

from cog import BaseRunner, Input, Path, Secret


class Runner(BaseRunner):
    def run(
        self,
        prompt: str = Input(description="What to say", min_length=2),
        style: str = Input(choices=["plain", "loud"]),
        count: int = Input(description="How often", ge=1, le=5),
        shout: bool = Input(description="In capitals"),
        picture: Path = Input(description="Something to look at"),
        key: Secret = Input(description="What nobody may see"),
        tags: list[str] = Input(description="Some words"),
        note: str = Input(default="none", description="A remark"),
    ) -> str:
        """All that it was given, but the secret only by its length."""
        secret = len(key.get_secret_value() or "")
        return json.dumps([prompt, style, count, shout, picture.read_text(), secret, tags, note])
