"""The engine's HTTP side: what stands between a request and those who answer it."""
