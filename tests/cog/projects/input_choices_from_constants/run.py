from cog import BaseRunner, Input

VOICES = {"calm": 0.8, "loud": 1.6}
LANGUAGES = ("de", "en")


class Runner(BaseRunner):
    def run(
        self,
        voice: str = Input(description="How to speak", choices=list(VOICES.keys())),
        language: str = Input(description="What to speak", choices=LANGUAGES, default="en"),
    ) -> str:
        return f"{language} at {VOICES[voice]}"
