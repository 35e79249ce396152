import subprocess
import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        subprocess.run([sys.executable, "-c", "print('a child in setup')"], check=True)
        self.child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])

    def run(self) -> int:
        """The process id of a child that never ends by itself."""
        subprocess.run([sys.executable, "-c", "print('a child in run')"], check=True)
        return self.child.pid
