"""Goes on with the words that it was given: what a language model takes and gives, in no time."""

import random
import re

from cog import ConcatenateIterator, Input


def run(
    prompt: str = Input(description="What to answer."),
    system_prompt: str = Input(description="How to answer.", default="You are a helpful assistant."),
    max_new_tokens: int = Input(description="At most so many tokens.", default=128, ge=1, le=4096),
    temperature: float = Input(description="0 goes straight on.", default=0.5, ge=0, le=5),
) -> ConcatenateIterator[str]:
    words = re.findall(r"\w+|[^\w\s]", f"{system_prompt} {prompt}")
    followers: dict[str, list[str]] = {}
    for word, following in zip(words, words[1:] + words[:1], strict=True):
        followers.setdefault(word, []).append(following)
    chance, word = random.Random(prompt), words[-1]
    for number in range(max_new_tokens):
        choices = followers[word]
        word = chance.choice(choices) if temperature else choices[0]
        yield word if number == 0 or not word[0].isalnum() else f" {word}"
