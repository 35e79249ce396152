from typing import Annotated, TypedDict

from cog import BaseRunner, Opaque


class Message(TypedDict):
    text: str


class Runner(BaseRunner):
    def run(
        self, messages: Annotated[list[Message], Opaque], style: Annotated[Message, Opaque] | None = None
    ) -> str:
        return " ".join(message["text"] for message in messages)
