"""What the words of a command line mean, and what is said when they mean nothing."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario
    from iccmsim.world.geography import Places

SCENARIO_HELP = "SETTING/PROGRAMME of the library (sahel/iccm-as-delivered) or a .toml file"


class InputError(Exception):
    """What was asked for is wrong; the text is the one line that says so."""


@contextmanager
def reading() -> Iterator[None]:
    """While what was asked for is read and checked, a fault is the asker's and is told in one line."""
    try:
        yield
    except RecursionError:
        raise InputError("what was given holds tables or lists too many levels deep") from None
    except OverflowError:
        raise InputError("what was given holds a number that is too large") from None
    except UnicodeEncodeError as fault:
        raise InputError(f"{fault.object}: cannot be spelt here; a UTF-8 locale is needed (LC_ALL=C.UTF-8)") from None
    except (ValueError, KeyError, OSError) as fault:
        said = fault.args[0] if isinstance(fault, KeyError) and fault.args else fault
        raise InputError(" ".join(str(said).split())) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The tail of a refusal: the nearest right word, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def whole(option: str, text: str, *, low: int = 0, high: int = 2**63 - 1) -> int:
    """A whole number within a range."""
    try:
        value = int(text)
    except ValueError:
        raise InputError(f"{option} {text or repr(text)}: must be a whole number") from None
    if not low <= value <= high:
        raise InputError(f"{option} {text}: must be between {low} and {high}")
    return value


def threads_of(text: str | None) -> int | None:
    """How many threads; None leaves it to the number of cores."""
    return None if text is None else whole("--threads", text, low=1, high=1024)


def seeds_of(text: str) -> tuple[int, ...]:
    """Seeds: "20" means 1 to 20, "3,5,7" (or "7,") the very numbers."""
    if "," not in text:
        return tuple(range(1, whole("--seeds", text, low=1, high=1_000_000) + 1))
    seeds = tuple(whole("--seeds", part) for part in text.strip(",").split(","))
    twice = [str(seed) for seed in sorted(set(seeds)) if seeds.count(seed) > 1]
    if twice:
        raise InputError(f"--seeds {text}: {', '.join(twice)} is given twice; each seed is one replicate")
    return seeds


def error_of(text: str | None) -> float | None:
    """The Monte-Carlo error to reach."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise InputError(f"--until-mcse {text or repr(text)}: must be a number above 0")
    return value


def refuse_beside(option: str, asked: argparse.Namespace, *, takes: Sequence[str]) -> None:
    """Refuse options that one option would leave without effect; it `takes` some, and those not given are None."""
    for name, value in vars(asked).items():
        word = f"--{name.replace('_', '-')}"
        if word in asked.options and word not in (option, *takes) and value not in (None, False):
            raise InputError(f"{word}: has no effect beside {option}; leave it out")


def overrides_of(settings: Sequence[str] | None) -> dict[str, Any]:
    """Values by key, from "chw.absent=0.3" and the like."""
    from iccmsim.parameters.files import path_of

    values: dict[str, Any] = {}
    paths: set[str] = set()
    for text in settings or ():
        key, sign, value = text.partition("=")
        key = key.strip()
        if not sign or not key:
            raise InputError(f"--set {text}: must be KEY=VALUE, such as chw.absent=0.3")
        if (path := path_of(key)) in paths:
            raise InputError(f"--set {text}: {key if key in values else path} is given twice")
        paths.add(path)
        try:
            values[key] = _value(value.strip())
        except RecursionError:
            raise InputError(f"--set {key}: its value holds lists too many levels deep") from None
    return values


def _value(text: str) -> Any:
    """A number, a list of numbers, or else the text itself."""
    for read in (int, float, lambda word: tomllib.loads(f"value = {word}")):
        try:
            value = read(text)
        except ValueError:
            continue
        if not isinstance(value, dict):
            return value
        if set(value) == {"value"}:
            return value["value"]
    return text


def add_scenario_options(parser: argparse.ArgumentParser) -> None:
    """The options with which a scenario is read."""
    parser.add_argument("--places", metavar="FOLDER", help="folder with villages.csv and facilities.csv of a real "
                        "place (or of several, by name); default: $ICCMSIM_DATA")  # fmt: skip
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", help="another value for a parameter (see "
                        "iccmsim params), such as chw.absent=0.3; may be given again")  # fmt: skip


def read_scenario(name: str, asked: argparse.Namespace) -> Scenario:
    """A scenario with the options of the command line on top; its place must be there to be read."""
    from iccmsim.exchange.district import load_places
    from iccmsim.parameters.scenario import load_scenario

    scenario = load_scenario(name, overrides=overrides_of(asked.set), places=asked.places)
    refuse_unread_places(name, scenario, places=asked.places)
    load_places(scenario)
    return scenario


def refuse_unread_places(name: str, scenario: Scenario, *, places: str | None) -> None:
    """A folder of places is for a scenario that reads one."""
    if places is not None and scenario.place.kind != "files":
        raise InputError(f"--places {places}: {name} plays in a made-up district and reads no files")


def warn_of_lists(places: Places) -> None:
    """Whom the lists of a place lose, for commands whose result does not say it."""
    from iccmsim.results.result import lost_by_lists, warnings_of_place

    for text in warnings_of_place(lost_by_lists(places)):
        print(f"! {text}", file=sys.stderr)


def check_out(folder: str | None, *, kind: str, latest: int) -> Path | None:
    """The folder to write to: a new one, or one that holds an output of the same kind, its format no later."""
    from iccmsim.results.folder import get_manifest, put_back

    if folder is None:
        return None
    if not folder.strip():
        raise InputError("--out: the name of the folder is empty")
    path = Path(folder).expanduser()
    path = path.resolve() if path.name in ("", "..") else path
    put_back(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"--out {folder}: is a file, not a folder")
    if path.exists():
        get_manifest(path, kind=kind, latest=latest, earliest=None)
    above = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    above = path.absolute().parent if above == path.absolute() else above
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"--out {folder}: {above} is not a folder that can be written to")
    return path


def print_json(value: Any) -> None:
    """One object for programs."""
    print(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


@contextmanager
def writing(path: Path, *, kept: str = "") -> Iterator[None]:
    """While something is written, a fault of the disk is told with the name of what is missing and what is kept."""
    there = path.exists()
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        as_it_was = f"{path} is as it was" if there else f"{path} was not made"
        raise OSError(f"{path}: cannot be written ({fault.strerror or fault}); {kept or as_it_was}") from fault


@contextmanager
def printing(out: Path | None = None) -> Iterator[None]:
    """While results are shown; where that fails, it is told where they are (they are written all the same)."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        kept = "" if out is None else f"; the result is in {out}"
        raise OSError(f"what is printed: cannot be written ({fault.strerror or fault}){kept}") from fault


def say_what_is_earlier(folder: Path) -> None:
    """Name the files in a folder that were made of the result that was there before, if there are any."""
    from iccmsim.results.folder import made_earlier

    if names := made_earlier(folder):
        are = "is" if len(names) == 1 else "are"
        print(f"{folder}: {' and '.join(names)} {are} of the earlier result", file=sys.stderr)


def tell(text: str) -> None:
    """A line about what is going on, for someone who watches."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def tell_if_compiling() -> None:
    """Say why the first run on a machine takes longer."""
    from iccmsim.core.compiled import is_compiled_before

    if not is_compiled_before():
        tell("Compiling the rules for the first time on this machine: about a minute.")
