"""rcli: run, stream and manage machine-learning models in the cloud and on this machine."""

__version__ = "0.1.0"
