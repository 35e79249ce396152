"""What the API talks about, as frozen values that keep the server's own JSON in ``raw``.

Field names, states and shapes are those of Replicate's API document. Keys that the server left out become
``None`` (or an empty text, list or dict); keys that nobody knows yet stay in ``raw``.
"""

from rcli.records.accounts import Account, File, WebhookSecret
from rcli.records.deployments import Deployment, Release
from rcli.records.events import Finished, Logs, Output, Phase, PredictionEvent, ServerEvent
from rcli.records.fields import Json
from rcli.records.models import Collection, Found, Hardware, Model, Version
from rcli.records.pages import Page
from rcli.records.predictions import TERMINAL, Cost, Prediction
from rcli.records.projects import Bench, Overrides, Project
from rcli.records.requests import NO_TERMS, Request, Terms

__all__ = [
    "NO_TERMS",
    "TERMINAL",
    "Account",
    "Bench",
    "Collection",
    "Cost",
    "Deployment",
    "File",
    "Finished",
    "Found",
    "Hardware",
    "Json",
    "Logs",
    "Model",
    "Output",
    "Overrides",
    "Page",
    "Phase",
    "Prediction",
    "PredictionEvent",
    "Project",
    "Release",
    "Request",
    "ServerEvent",
    "Terms",
    "Version",
    "WebhookSecret",
]
