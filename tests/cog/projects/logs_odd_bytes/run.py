import os
import time

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        os.write(1, b"bytes \xff\xfe\n")
        time.sleep(0.1)  # what is written past Python comes a little later, and not always in its turn
        print("null \0")
        print("end")
        return "done"
