import time
from pathlib import Path as Place

from cog import BaseModel, CancelationException, Input, Path


class Trained(BaseModel):
    weights: Path


def train(
    until: str = Input(description="The file whose appearance ends the training.", default=""),
    manner: str = Input(choices=["polite", "stubborn", "deaf"], default="polite"),
) -> Trained:
    """Canceled, the polite one tidies up, the stubborn one ends as ever, the deaf one hears nothing."""
    print("warming up", flush=True)
    try:
        if manner == "deaf":
            time.sleep(3600)
        while until and not Place(until).exists():
            time.sleep(0.01)
    except CancelationException:
        print("tidying up", flush=True)
        if manner != "stubborn":
            raise
    Place("weights.txt").write_text("trained")
    return Trained(weights=Path("weights.txt"))
