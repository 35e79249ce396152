from typing import Any

import numpy as np
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> dict[str, Any]:
        values = np.array([1.0, 2.0, 3.0], dtype=np.float32)
        return {
            "mean": values.mean(),
            "count": np.int64(values.size),
            "values": values,
            "above": values.mean() > 1,
            "table": np.array([[1, 2], [3, 4]]),
        }
