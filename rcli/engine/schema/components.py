"""The names of a document's components, and the titles in them."""

from __future__ import annotations

RESERVED = frozenset(
    {
        *("HTTPValidationError", "Status", "ValidationError"),
        *("Input", "Output", "PredictionRequest", "PredictionResponse"),
        *("TrainingInput", "TrainingOutput", "TrainingRequest", "TrainingResponse"),
    }
)


def reference(component: str) -> dict[str, str]:
    """A pointer to a component."""
    return {"$ref": f"#/components/schemas/{component}"}


def title(name: str) -> str:
    """``n_steps`` is shown as ``N Steps``."""
    return " ".join(word[:1].upper() + word[1:] for word in name.split("_"))
