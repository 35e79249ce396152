from cog import Input


def greet(name: str = Input(description="Whom to greet"), loud: bool = False) -> str:
    return f"HELLO {name.upper()}" if loud else f"hello {name}"
