import multiprocessing
import os

from cog import BaseRunner
from squares import square


class Runner(BaseRunner):
    def run(self, kind: str) -> list[int]:
        if kind == "os.fork":
            child = os.fork()
            if not child:
                os._exit(7)
            return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]
        with multiprocessing.get_context(kind).Pool(2) as pool:
            return pool.map(square, range(3))
