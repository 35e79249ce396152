import os

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        os.write(1, b"bytes \xff\xfe\n")
        print("null \0")
        print("end")
        return "done"
