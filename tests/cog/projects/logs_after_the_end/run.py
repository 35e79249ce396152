import threading
import time

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, number: int) -> int:
        print(f"working on {number}")
        threading.Thread(target=late, daemon=True).start()
        return number


def late() -> None:
    time.sleep(0.1)
    print("late")
