import os
import signal
import sys
from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.how = Path("how.txt").read_text()
        match self.how:
            case "sys.exit":
                sys.exit("no licence")
            case "os._exit":
                os._exit(4)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)

    def run(self) -> str:
        return self.how
