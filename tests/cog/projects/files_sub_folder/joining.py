def joined(first: str, second: str) -> str:
    return f"{first} {second}"
