import time

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, seconds: float = Input(default=1.0, ge=0)) -> str:
        """Sleeps in small steps, so that it can be canceled."""
        print("falling asleep")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.01)
        return f"slept {seconds:g} s"
