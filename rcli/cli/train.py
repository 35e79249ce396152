"""``rcli train``: from a folder of data to a version of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcli.cli.options import TRAINING, Detach, Inputs, Logs, Yes, also, chosen, world
from rcli.cli.run import ProjectFile

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[BASE] [KEY=VALUE]…", help="What is trained (in a Cog project: this one), and inputs."
    ),
]
To = Annotated[
    str,
    typer.Option("--destination", metavar="[HOST:]OWNER/NAME", help="The model that gets the new version."),
]
CreateDestination = Annotated[
    bool, typer.Option("--create-destination", help="Make the destination if there is none.")
]
Private = Annotated[bool, typer.Option("--private", help="Make it for yourself alone.")]
Hardware = Annotated[
    str | None, typer.Option("--hardware", metavar="SKU", help="What is to run it, such as gpu-t4.")
]
CancelOnInterrupt = Annotated[
    bool, typer.Option("--cancel-on-interrupt", help="Cancel the training at Ctrl-C.")
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Save the numbers in the log as a table.")
]
Download = Annotated[bool, typer.Option("--download", help="Save the new weights.")]
Try = Annotated[
    list[str] | None,
    typer.Option(
        "--try", metavar="KEY=VALUE", help="Then run the new version beside its base with this input."
    ),
]


@also(*TRAINING)
def train(
    ctx: typer.Context,
    words: Words = None,
    destination: To = "",
    input: Inputs = None,
    file: ProjectFile = "cog.yaml",
    create_destination: CreateDestination = False,
    private: Private = False,
    hardware: Hardware = None,
    yes: Yes = False,
    detach: Detach = False,
    cancel_on_interrupt: CancelOnInterrupt = False,
    logs: Logs = False,
    csv: Csv = None,
    download: Download = False,
    try_: Try = None,
) -> None:
    """Train a model on your data, watch it, and get the reference of the version that it makes.

    BASE is owner/name, owner/name:version, or a folder with a cog.yaml that has a train. Inputs are written
    as for rcli run; a folder, or several files for one input, become an archive, captions beside pictures
    too, after all pictures were checked. Ctrl-C leaves the training running: rcli trainings watch comes back
    to it. On this machine the destination is made without asking. With --json every event is a line; where
    there is no terminal to draw on, the log's lines go to stderr.

    \b
    Examples: rcli train rcli/names -i train_data=@names.txt -i steps=200 --destination local:me/names
              rcli train stability-ai/sdxl -i input_images=@pics/ --destination me/sdxl-me
    """
    from rcli.cli.steps.request.terms import terms
    from rcli.cli.steps.trainings.attending import attention
    from rcli.cli.steps.trainings.training import Making, Order, perform
    from rcli.services.request.sending import box, kind

    app = world(ctx)
    making = Making(create_destination or private or hardware is not None, private, hardware, yes)
    order = Order(
        destination,
        making,
        attention(app, logs=logs, csv=csv, downloads=download, cancels=cancel_on_interrupt),
        tries=tuple(try_ or ()),
        detach=detach,
        file=file,
        terms=terms(ctx),
        box=box(chosen(ctx, "--resize")),
        kind=kind(chosen(ctx, "--convert")),
    )
    perform(app, words or [], input or [], order)
