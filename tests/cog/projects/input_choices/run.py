from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        scheduler: str = Input(choices=["DDIM", "K_EULER", "PNDM"], default="DDIM"),
        width: int = Input(description="Pixels", choices=[512, 768], default=512),
    ) -> str:
        return f"{scheduler} {width!r}"
