"""``python -m cor_provider.sandbox``: run the stand-in for COR as a server."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from cor_provider.sandbox.assumptions import ASSUMPTIONS, DISCLAIMER
from cor_provider.sandbox.main_api import CHOICES, LOCAL_ZONE, read_pairs
from cor_provider.sandbox.store import leave_id_at

if TYPE_CHECKING:  # it needs the optional web server
    from cor_provider.sandbox.server import Sandbox


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    try:
        from cor_provider.sandbox import Sandbox  # noqa: PLC0415  # for a one-line error if the web server is missing
        from cor_provider.sandbox.error_styles import DEFAULT_ERROR_STYLE, ERROR_STYLES  # noqa: PLC0415  # likewise
    except ModuleNotFoundError as error:
        sys.exit(str(error))
    parser = _parser(error_styles=f"{', '.join(ERROR_STYLES)}; default {DEFAULT_ERROR_STYLE}")
    options = vars(parser.parse_args(arguments))
    if options.pop("verbose"):
        logging.basicConfig(format="%(message)s")
        logging.getLogger("cor_provider.sandbox").setLevel(logging.INFO)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        if "main_api" in options:
            options["main_api"] = read_pairs(options["main_api"])
        options.setdefault("first_leave_id", leave_id_at(time.time()))
        sandbox = Sandbox(**options, record_requests=False)
        sandbox.start()
    except ValueError as error:
        parser.error(str(error))
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on --port {options['port']}: {error}. Choose another port, or 0 for any free one.")
    print(f"COR sandbox: {sandbox.url} (leave calendar). {_how_to_reach(sandbox, options)}", flush=True)  # noqa: T201  # a command prints
    stopping.wait()
    sandbox.stop()


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line: the usage before it would be longer than a screen is useful."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message.rstrip('.')}. See --help for the options.\n")


def _parser(*, error_styles: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m cor_provider.sandbox",
        description="A stand-in for COR on this machine, for dry runs and demos.",
        epilog=(
            f"main API, defaults first:\n{_items(_readings())}\n\n"
            f"{textwrap.fill(DISCLAIMER)}\n\nassumptions:\n{_items(ASSUMPTIONS)}"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # Sandbox has the defaults.
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("--port", type=int, default=8765, help="port on 127.0.0.1, default 8765; 0 for any free port")
    add(
        "--seed",
        metavar="FILE",
        help="JSON file of users and leave types; by default those of COR's documented example",
    )
    add("--empty", action="store_true", help="leave out the users of the seed, as on the first day with COR")
    add("--token", help="bearer token that never expires, default sandbox-token")
    add("--api-key", metavar="KEY", help="API key of the client-credentials flow, default sandbox-key")
    add("--client-secret", metavar="SECRET", help="client secret for it, default sandbox-secret")
    add("--token-lifetime", type=int, metavar="SECONDS", help="lifetime of the tokens of that flow, default 3600")
    add("--error-style", metavar="STYLE", help=f"format of errors: {error_styles}")
    add("--contract", metavar="FILE", help="answer in the shapes of the COR of which prove wrote this file")
    add(
        "--main-api",
        metavar="NAME=VALUE,...",
        help="how to read what the documentation of the main API leaves open; see below",
    )
    add("--latency-ms", type=float, metavar="MS", help="delay of every answer")
    add("--error-rate", type=float, metavar="SHARE", help="share of requests (0 to 1) that get a 500, 502, 503 or 504")
    add(
        "--drop-rate",
        type=float,
        metavar="SHARE",
        help="share of requests (0 to 1) that are carried out but not answered",
    )
    add("--rate-limit", type=float, metavar="N", help="requests per second; above it the answer is 429")
    add(
        "--first-leave-id",
        type=int,
        metavar="N",
        help="COR's id of the first leave; by default from the time of the start, so that none comes again",
    )
    add("--random-seed", type=int, metavar="N", help="make the faults repeatable")
    add(
        "--verbose",
        action="store_true",
        default=False,
        help="log each request, and each edit by hand: method, path and status",
    )
    return parser


def _readings() -> Iterator[str]:
    """Yield each option of ``--main-api``, its default first."""
    for name, choices in CHOICES.items():
        yield f"{name}: {'; '.join(f'{value} ({meaning})' for value, meaning in choices.items())}"
    yield f"zone: the name of a time zone ({LOCAL_ZONE})"


def _items(texts: Iterable[str]) -> str:
    return "\n".join(textwrap.fill(text, initial_indent="- ", subsequent_indent="  ") for text in texts)


def _how_to_reach(sandbox: Sandbox, options: dict[str, object]) -> str:
    """Return the command that connects Airflow. It does not show a token from the command line."""
    source = {"source": sandbox.sources[0]} if len(sandbox.sources) == 1 else {}
    connection = {
        "conn_type": "cor",
        "host": sandbox.url,
        "password": "<your --token>" if "token" in options else sandbox.token,
        # The link of a task leads to the sandbox's page, which shows the leave.
        "extra": {**source, "api_url": sandbox.api_url, "web_url": sandbox.url},
    }
    return f"For Airflow: export AIRFLOW_CONN_COR_DEFAULT={shlex.quote(json.dumps(connection))}"


if __name__ == "__main__":
    main()
