import time

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, seconds: float = Input(default=3600.0, ge=0)) -> str:
        """Sleeps in one piece: nothing interrupts a thread that waits in C."""
        print("blocking")
        time.sleep(seconds)
        return "woke up"
