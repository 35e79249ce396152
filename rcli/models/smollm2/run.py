"""SmolLM2-135M-Instruct on the CPU: a prompt in, text out while it is being written."""

import secrets
from contextlib import closing
from typing import Any

import llama
from cog import BaseRunner, ConcatenateIterator, Input, streaming

HOW = {
    "repeat_penalty": 1.1,  # without it, a model this small repeats itself
    "stream": True,
    "return_progress": True,
}


class Runner(BaseRunner):
    def setup(self) -> None:
        """Load the model once, for all predictions."""
        self.server = llama.load()

    @streaming
    def run(
        self,
        prompt: str = Input(description="What to say to the model.", min_length=1),
        system_prompt: str = Input(
            description="How the model should behave.", default="You are a helpful assistant."
        ),
        max_tokens: int = Input(description="The longest answer, in tokens.", default=256, ge=1, le=1024),
        temperature: float = Input(
            description="How freely words are chosen. 0 takes the likeliest and gets most facts right.",
            default=0,
            ge=0,
            le=2,
        ),
        top_p: float = Input(
            description="Choose among the likeliest words up to this share. No effect at temperature 0.",
            default=0.9,
            ge=0,
            le=1,
        ),
        seed: int | None = Input(
            description="Set it for the same text each time, else it is random. No effect at temperature 0.",
            default=None,
            ge=0,
            le=2147483647,
        ),
    ) -> ConcatenateIterator[str]:
        """Yield the answer piece by piece."""
        seed = secrets.randbelow(2**31) if seed is None else seed
        print(f"seed: {seed}")
        request = {
            "messages": conversation(system_prompt, prompt),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "seed": seed,
            **HOW,
        }
        with closing(llama.stream(self.server, request)) as chunks:
            for chunk in chunks:
                if (text := self.take(chunk)) is not None:
                    yield text

    def take(self, chunk: dict[str, Any]) -> str | None:
        """Give the text that a piece of the answer brings; log what it tells beside it."""
        match chunk:
            case {"error": error}:
                raise ValueError(refusal(error))
            case {"prompt_progress": {"processed": done, "total": total}}:
                print(f"prompt: {done} of {total} tokens")
            case {"choices": [{"delta": {"content": str(text)}}]}:
                return text
            case {"timings": timings}:
                self.report(timings)
        return None

    def report(self, timings: dict[str, Any]) -> None:
        """Put the figures of a finished answer into the prediction's logs and metrics."""
        read, written = timings["cache_n"] + timings["prompt_n"], timings["predicted_n"]
        speed = round(timings["predicted_per_second"], 1)
        print(f"answer: {written} tokens, {speed} tokens/s")
        self.record_metric("input_token_count", read)
        self.record_metric("output_token_count", written)
        self.record_metric("tokens_per_second", speed)


def conversation(system_prompt: str, prompt: str) -> list[dict[str, str]]:
    """Put what was said into the form that the model was tuned for."""
    return [{"role": "system", "content": system_prompt}, {"role": "user", "content": prompt}]


def refusal(error: dict[str, Any]) -> str:
    """Say in the user's terms why llama.cpp refused the request."""
    if error["type"] == "exceed_context_size_error":
        return f"the prompt has {error['n_prompt_tokens']} tokens; this model takes {error['n_ctx']} at most"
    return str(error["message"])
