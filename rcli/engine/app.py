"""The whole API on one page: every address, its methods, and who answers."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from rcli.engine import problems
from rcli.engine.engine import Engine
from rcli.engine.routes import (
    account,
    collections,
    deployments,
    environments,
    files,
    models,
    predictions,
    private,
    search,
    streams,
    trainings,
    versions,
    webhooks,
)
from rcli.engine.web.guard import Guard
from rcli.engine.web.methods import resources
from rcli.errors import RcliError

ROUTES = [
    Route("/account", account.get_account),
    Route("/hardware", account.list_hardware),
    Route("/collections", collections.list_collections),
    Route("/collections/{slug}", collections.get_collection),
    Route("/deployments", deployments.create_deployment, methods=["POST"]),
    Route("/deployments", deployments.list_deployments),
    Route("/deployments/{owner}/{name}", deployments.delete_deployment, methods=["DELETE"]),
    Route("/deployments/{owner}/{name}", deployments.get_deployment),
    Route("/deployments/{owner}/{name}", deployments.update_deployment, methods=["PATCH"]),
    Route(
        "/deployments/{owner}/{name}/predictions",
        deployments.create_deployment_prediction,
        methods=["POST"],
    ),
    Route("/search", search.search),
    Route("/models", models.create_model, methods=["POST"]),
    Route("/models", models.list_models),
    Route("/models", models.search_models, methods=["QUERY"]),
    Route("/models/{owner}/{name}", models.delete_model, methods=["DELETE"]),
    Route("/models/{owner}/{name}", models.get_model),
    Route("/models/{owner}/{name}", models.update_model, methods=["PATCH"]),
    Route("/models/{owner}/{name}/examples", models.list_examples),
    Route("/models/{owner}/{name}/readme", models.get_readme),
    Route("/models/{owner}/{name}/predictions", predictions.create_model_prediction, methods=["POST"]),
    Route("/models/{owner}/{name}/versions", versions.list_versions),
    Route("/models/{owner}/{name}/versions/{version_id}", versions.delete_version, methods=["DELETE"]),
    Route("/models/{owner}/{name}/versions/{version_id}", versions.get_version),
    Route(
        "/models/{owner}/{name}/versions/{version_id}/trainings",
        trainings.create_training,
        methods=["POST"],
    ),
    Route("/predictions", predictions.create_prediction, methods=["POST"]),
    Route("/predictions", predictions.list_predictions),
    Route("/predictions/{prediction_id}", predictions.get_prediction),
    Route("/predictions/{prediction_id}/cancel", predictions.cancel_prediction, methods=["POST"]),
    Route("/trainings", trainings.list_trainings),
    Route("/trainings/{training_id}", trainings.get_training),
    Route("/trainings/{training_id}/cancel", trainings.cancel_training, methods=["POST"]),
    Route("/streams/{prediction_id}", streams.stream_prediction),
    Route("/files", files.create_file, methods=["POST"]),
    Route("/files", files.list_files),
    Route("/files/{file_id}", files.delete_file, methods=["DELETE"]),
    Route("/files/{file_id}", files.get_file),
    Route("/files/{file_id}/download", files.download_file),
    Route("/delivery/{file_id}/{name}", files.download_file),
    Route("/webhooks/default/secret", webhooks.get_webhook_secret),
    Route("/_rcli/status", private.get_status),
    Route("/_rcli/projects", private.create_project, methods=["POST"]),
    Route("/_rcli/checks", private.check_project, methods=["POST"]),
    Route("/_rcli/pushes", private.push_project, methods=["POST"]),
    Route("/_rcli/environment", environments.prepare_environment),
    Route("/_rcli/variables", environments.keep_variables, methods=["POST"]),
    Route("/_rcli/drain", private.drain, methods=["POST"]),
    Route("/_rcli/stop", private.stop, methods=["POST"]),
    Route("/_rcli/cache", private.list_cache),
    Route("/_rcli/prune", private.prune_cache, methods=["POST"]),
]
"""Below ``/v1``, ``/v1/v1`` and ``/`` alike; an address without methods answers GET and HEAD."""

UNCOUNTED = "/_rcli/status"
"""Looking at the engine does not keep it awake."""

_SIGNED = (
    (re.compile(r"/streams/([^/]+)"), "stream"),
    (re.compile(r"/delivery/([^/]+)/[^/]+"), "delivery"),
    (re.compile(r"/files/([^/]+)/download"), None),
)


def create_app(engine: Engine, hosts: frozenset[str] = frozenset()) -> ASGIApp:
    """``hosts`` are the names, beside loopback ones, under which clients may reach the engine."""
    app = Starlette(
        routes=resources(ROUTES),
        exception_handlers={
            problems.Problem: problems.on_problem,
            RcliError: problems.on_rcli_error,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_bug,
        },
    )
    app.router.redirect_slashes = False
    app.state.engine = engine

    def signed(path: str, query: QueryParams) -> bool:
        for pattern, purpose in _SIGNED:
            if found := pattern.fullmatch(path):
                return engine.signer.allows(purpose or query.get("owner", ""), found.group(1), query)
        return False

    def serving(path: str) -> AbstractContextManager[None]:
        return nullcontext() if path == UNCOUNTED else engine.idle.at_work()

    return Guard(app, token=engine.token, hosts=hosts, signed=signed, serving=serving)
