from cog import BaseModel, BaseRunner


class Word(BaseModel):
    word: str
    length: int


class Runner(BaseRunner):
    def run(self, words: str) -> list[Word]:
        return [Word(word=word, length=len(word)) for word in words.split()]
