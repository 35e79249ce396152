import ctypes
import os
import signal

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, how: str) -> str:
        match how:
            case "exit":
                os._exit(7)
            case "segfault":
                ctypes.string_at(0)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "abort":
                os.abort()
        return how
