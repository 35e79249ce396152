"""How a folder becomes a running model: project, snapshot, environment, process."""
