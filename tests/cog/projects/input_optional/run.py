from typing import Optional, Union

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        bare: Optional[bool],
        prompt: Optional[str] = Input(description="Input prompt"),
        seed: int | None = Input(description="Random seed", default=None),
        scale: Union[float, None] = None,
    ) -> str:
        return f"{prompt} {seed} {scale} {bare}"
