from cog import Input


class Inputs:
    prompt = Input(description="What to draw", default="a cat")
    seed = Input(description="Random seed", default=7, ge=0)
