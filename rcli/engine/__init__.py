"""The embedded engine: Replicate's HTTP API on this machine, running Cog projects without Docker."""
