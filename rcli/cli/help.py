"""``rcli help``: about a command, or about what concerns many of them."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli.options import world
from rcli.settings import KEYS
from rcli.settings.keys import Key

_EXIT_CODES = """\
Exit codes:

    0    done; also when what is shown had failed
    1    an error; an unknown model or id
    2    the command line, a setting, or inputs that the model's schema or the service refuses
    3    a prediction or training failed
    4    not signed in, a wrong token, or no right to do this
    5    no answer: no network, a time-out, something that is not the API; the end of wait --timeout
    6    a rate limit that outlasted the retries, or no credit
    7    canceled, aborted, or past its deadline
    129  the terminal was closed
    130  Ctrl-C, also when it canceled what ran
    141  the reader of the output went away, as head does
    143  ended by SIGTERM

Of several predictions at once the highest counts. A command of rcli exec has its own codes."""

_ENVIRONMENT = """\
Variables that rcli reads:

    REPLICATE_API_TOKEN  the token for the host replicate, and for no other; wins over a stored one
    REPLICATE_BASE_URL   the address of the host replicate, with /v1 or without
    RCLI_HOST            the host that commands talk to when they do not say (rcli help hosts)
    RCLI_HOME            a folder for all that rcli keeps: config, library, engine, environments
    VISUAL, EDITOR       the editor of rcli config edit
    NO_COLOR             no colours
    FORCE_COLOR          colours in a pipe, too
    TERM                 dumb: no colours, no animation, as with --plain
    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                         the way to the network, and to whom it is not taken; this machine needs none
    SSL_CERT_FILE, SSL_CERT_DIR
                         certificate authorities of your own, in the place of the usual ones

A model on this machine sees none of them: rcli run -e NAME=VALUE gives it variables."""

_HOSTS = """\
A host is a named base URL. Two are built in: replicate (https://api.replicate.com/v1) and local, the
engine on this machine. More are added by rcli config host add NAME URL.

Which one a command talks to, the first that holds:

    1. the name before a model: local:me/dinos
    2. --host NAME
    3. a folder, and the bundled rcli/... models, mean local
    4. RCLI_HOST
    5. host in the project's rcli.toml
    6. rcli config host use NAME
    7. replicate when you are signed in there, else local

A token belongs to one base URL and goes nowhere else. rcli auth login --host NAME signs in; with several
accounts rcli auth switch chooses. An address that changes does not get the token of the old one."""

_INPUTS = """\
Inputs of a model are written behind -i, or without it:

    steps=30             a value of the type that the model's schema asks for
    tags=a tags=b        a list, where one is wanted
    size:=[1, 2]         JSON as it stands
    image=@cat.png       the file; its text where the model wants text
    images=@cats/        the folder as one archive, where the model wants one
    image=https://...    that address, as it is
    image=@-             standard input
    name=@@cat           the text @cat
    image={{.output[0]}} what jq makes of the JSON on standard input
    -i inputs.json       all inputs of a file (JSON or YAML); -i - reads standard input

They are checked before anything is spent. rcli run MODEL --help tells what a model takes, rcli models schema
MODEL all of it; --dry-run shows the request and sends nothing."""


def help(
    ctx: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC", help="A command, or exit-codes, environment, hosts, inputs, settings."
        ),
    ],
) -> None:
    """Tell about a command, or about exit-codes, environment, hosts, inputs, settings.

    \b
    Examples: rcli help run
              rcli help exit-codes
    """
    world(ctx).screen.line(text(topic))  # the root command has sorted out all that is no topic


def text(topic: str) -> str:
    match topic:
        case "exit-codes":
            return _EXIT_CODES
        case "environment":
            return _ENVIRONMENT
        case "hosts":
            return _HOSTS
        case "inputs":
            return _INPUTS
    return _settings()


def _settings() -> str:
    """Every setting with what it is for, what it takes and its default."""
    known = [key for key in KEYS if key.kind != "dollars"]
    prices = [key for key in KEYS if key.kind == "dollars"]
    lines = [
        "Settings: rcli config list tells values and where each comes from, rcli config set changes one."
    ]
    for key in known:
        lines += ["", f"    {key.name}", f"        {key.about}", f"        {_takes(key)}"]
    lines += [
        "",
        "    price.OWNER/NAME",
        "        the hardware that a model runs on, or US dollars for a run",
    ]
    lines += [
        "",
        "    prices.SKU",
        f"        {prices[0].about}",
        f"        {', '.join(_sku(key) for key in prices)}",
    ]
    lines += ["", "    hosts.NAME.url", "        the address of a host: rcli help hosts"]
    return "\n".join(lines)


def _takes(key: Key) -> str:
    takes = " or ".join(key.choices) if key.choices else key.kind
    default = "no default" if key.default is None else f"default {key.default}"
    return f"{takes}; {default}{f'; {key.variable} wins' if key.variable else ''}"


def _sku(key: Key) -> str:
    return key.name.removeprefix("prices.")
