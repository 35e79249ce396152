"""The HTTP layer: one short method per endpoint, retries as a transport, server-sent events, transfers."""

import sys

# httpx brings a command line of its own, and importing that (click, rich) costs as much as httpx itself.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: do not import
