"""One thread for numpy: two that wait for each other on a busy machine take three times as long."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
