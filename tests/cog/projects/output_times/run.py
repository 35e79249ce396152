import datetime
from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> dict[str, Any]:
        return {
            "day": datetime.date(2026, 1, 31),
            "moment": datetime.datetime(2026, 1, 31, 12, 30),
            "hour": datetime.time(12, 30),
        }
