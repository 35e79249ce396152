import subprocess

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        print('{"fields": {"message": "by Python"}, "target": "coglet::setup"}')
        line = '{"fields": {"message": "by the shell"}, "target": "coglet"}'
        subprocess.run(["echo", line], check=True)
        return "done"
