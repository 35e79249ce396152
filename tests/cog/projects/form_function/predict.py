def predict(text: str, mark: str = "!") -> str:
    return text.upper() + mark
