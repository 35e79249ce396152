from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from cog import BaseRunner


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 2


@dataclass
class Point:
    x: int
    color: Color


class Runner(BaseRunner):
    def run(self) -> dict[str, Any]:
        return {
            "point": Point(1, Color.RED),
            "pair": (1, 2),
            "only": {"one"},
            "made": (number**2 for number in range(3)),
            "level": Level.HIGH,
        }
