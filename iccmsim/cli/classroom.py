"""`iccmsim classroom`: a district that lives in the browser, beside its twin without the programme."""

from __future__ import annotations

import argparse
import socket
import sys

from iccmsim.cli.words import InputError, reading, tell_if_compiling, whole

PURPOSE = "Open the classroom page: a live district in the browser, with levers, charts and stories."
EXAMPLE = "  iccmsim classroom\n  iccmsim classroom --lesson empty-box --port 8770 --no-browser"
HOST, PORT = "localhost", 8765


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("--lesson", metavar="NAME", default="good-looking", help="good-looking, empty-box or one-thing "
                        "(default good-looking); others can be chosen on the page")  # fmt: skip
    parser.add_argument("--seed", metavar="N", help="which children (default: the lesson's own)")
    parser.add_argument("--port", metavar="N", default=str(PORT), help=f"default {PORT}")
    parser.add_argument("--host", metavar="NAME", default=HOST, help="default localhost: only this machine sees the "
                        "page; 0.0.0.0 lets phones of the same network in")  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="do not open a window")


def go(asked: argparse.Namespace) -> None:
    """Check, compile, serve."""
    from iccmsim.classroom import lessons, server

    lacking = server.missing()
    if lacking:
        raise InputError(f"classroom: {', '.join(lacking)} not installed; install the extra: "
                         'pip install -c constraints.txt -e ".[classroom]"')  # fmt: skip
    with reading():
        server.asked.lesson = lessons.lesson_of(asked.lesson).key
        server.asked.seed = None if asked.seed is None else whole("--seed", asked.seed)
        port = whole("--port", asked.port, low=1, high=65535)
        refuse_taken(asked.host, port)
    tell_if_compiling()
    server.get_ready()
    server.serve(host=asked.host, port=port, open_browser=not asked.no_browser, tell=say)


def say(text: str) -> None:
    """A line that a waiting teacher, or a program that started the server, sees at once."""
    print(text, flush=True)


def refuse_taken(host: str, port: int) -> None:
    """Somebody else's port is the asker's matter, and so is a host that is none."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as fault:
        raise InputError(f"--host {host}: is no address of this machine ({fault.args[-1]})") from None
    try:
        with socket.socket(family, kind, proto) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise InputError(f"--port {port}: cannot be used on {host} ({fault.strerror}); try another") from None
