"""Programs that do the same as a command."""
