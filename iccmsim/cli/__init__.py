"""The command line: `iccmsim run`, `compare`, `programmes`, `explain`, `brief`, `classroom` and the others below.

Exit status 0: done. 2: what was asked for is wrong, said in one line, nothing written (but a run is, whose child to
trace is not in it). 1: anything else.
Results go to stdout, progress to stderr and only to a terminal. Heavy libraries are imported inside commands.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from iccmsim import __version__
from iccmsim.cli import (
    brief,
    check,
    classroom,
    compare,
    demo,
    diff,
    explain,
    export,
    figures,
    new,
    params,
    places,
    programmes,
    run,
    sensitivity,
    settings,
    shocks,
    sweep,
)
from iccmsim.cli.words import InputError, did_you_mean, printing
from iccmsim.parameters.faults import ScenarioError

COMMANDS = {"demo": demo, "run": run, "compare": compare, "sensitivity": sensitivity, "params": params,
            "check": check, "places": places,
            "programmes": programmes, "settings": settings, "shocks": shocks,
            "explain": explain, "diff": diff, "new": new, "brief": brief,
            "figures": figures, "sweep": sweep, "export": export, "classroom": classroom}  # fmt: skip
STOPPED = 130  # what a shell expects of a program that was interrupted


class _Parser(argparse.ArgumentParser):
    """argparse that refuses in one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """The whole command line, as argparse knows it."""
    top = _Parser(prog="iccmsim", allow_abbrev=False, description="Agent-based simulation of integrated Community "
                  "Case Management of childhood illness (iCCM).", epilog="Each command has its own --help, "
                  "with an example.")  # fmt: skip
    top.add_argument("--version", action="version", version=f"iccmsim {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, module in COMMANDS.items():
        each = commands.add_parser(
            name, help=module.PURPOSE, description=module.PURPOSE, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter, epilog="example:\n" + module.EXAMPLE)  # fmt: skip
        module.add_arguments(each)
        each.set_defaults(go=module.go, options=tuple(each._option_string_actions))
    return top


def read_line(argv: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for; a InputError names the word that is not known, and the nearest that is."""
    first = next((word for word in argv if not word.startswith("-")), None)
    if first is None and not {"-h", "--help", "--version"} & set(argv):
        raise InputError(f"no command given; there are {', '.join(COMMANDS)} (see iccmsim --help)")
    if first is not None and first not in COMMANDS:
        hint = did_you_mean(first, COMMANDS) or f"; there are {', '.join(COMMANDS)}"
        raise InputError(f"{first}: unknown command{hint}")
    known, unknown = parser().parse_known_args(list(argv))
    if unknown:
        option = next((word for word in unknown if word.startswith("-")), unknown[0])
        what = "option" if option.startswith("-") else "word"
        hint = did_you_mean(option.split("=")[0], known.options) or f" (see iccmsim {known.command} --help)"
        raise InputError(f"{option}: unknown {what} of iccmsim {known.command}{hint}")
    _refuse_nobodys_home(known)
    return known


def _refuse_nobodys_home(asked: argparse.Namespace) -> None:
    """A path that begins with ~ and a name must be of somebody who has a home on this machine."""
    for name, value in vars(asked).items():
        for word in (value if isinstance(value, list) else [value]) if name != "set" else ():
            if isinstance(word, str) and word.startswith("~"):
                try:
                    Path(word).expanduser()
                except RuntimeError:
                    raise InputError(f"{word}: there is no home folder of {Path(word).parts[0]}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Do what a command line asks and return the exit status."""
    _ready_streams()
    try:
        asked = read_line(sys.argv[1:] if argv is None else argv)
        asked.go(asked)
        with printing():
            pass
    except (InputError, ScenarioError) as fault:
        return _say(str(fault), status=2)
    except SystemExit as done:  # argparse after --help and --version
        return int(done.code or 0)
    except KeyboardInterrupt:
        return _say("stopped", status=STOPPED)
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as fault:
        _let_go()
        return _say(_of_a_file(fault), status=1)
    return 0


def _ready_streams() -> None:
    """What a stream cannot spell is shown as "?", and a stream that was closed takes everything and says nothing."""
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _let_go() -> None:
    """What could not be printed is dropped, for Python would try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_a_file(fault: OSError) -> str:
    """What the disk refused, the name of the file first."""
    if not fault.strerror:
        return " ".join(str(fault).split())
    if fault.filename is None:
        return f"cannot print or write: {fault.strerror}"
    return f"{fault.filename}: {fault.strerror}"


def _say(message: str, *, status: int) -> int:
    print(f"iccmsim: {message}", file=sys.stderr)
    return status
