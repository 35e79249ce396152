from cog import Input


def shout(text: str, marks: int = Input(default=1, ge=0)) -> str:
    return text.upper() + "!" * marks
