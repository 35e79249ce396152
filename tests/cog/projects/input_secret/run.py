from cog import BaseRunner, Input, Secret


class Runner(BaseRunner):
    def run(
        self, token: Secret = Input(description="A key of yours"), spare: Secret = Input(default=None)
    ) -> str:
        print(f"got {token} and {spare}")
        return f"{len(token.get_secret_value())} letters"
