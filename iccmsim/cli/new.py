"""`iccmsim new`: a folder with a programme of one's own to start from."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from iccmsim.cli.words import InputError, did_you_mean, printing, reading, writing

PURPOSE = "Make a folder with a programme of your own to start from, and the command that compares it."
EXAMPLE = "  iccmsim new my_programme\n  iccmsim new my_programme --from mali-asc-package --setting remote-forest"
PROGRAMME = """\
# My programme: say here where it comes from.
format = 1
name = "my-programme"
says = "{base}, and what I change."
extends = "{base}"

# Write what differs from {base}, each value with the reason above it: a source and a grade (A trial or
# meta-analysis, B survey or large programme, C single study, D assumption), or "a choice of the programme".
# `iccmsim params WORD` lists what can be changed; `iccmsim explain scenario.toml` shows what you have said.

{levers}
# What changes on a date, in days after launch:
# [[programme.change]]
# Two years after launch the fee goes. A choice of the programme.
# day = 730
# {later}
"""
OF_CHWS = {"later": '"fee.chw" = 0', "levers": """\
[programme.chw]
# One CHW for 1,000 people. A choice of the programme.
catch = 1000

[programme.spv]
# Three months in four with a supervision visit; an assumption. Grade D.
freq = 0.75
"""}
WITHOUT_CHWS = {"later": '"fee.waived" = 1', "levers": """\
[programme.fee]
# Children under five pay half of the facility's price. A choice of the programme.
waived = 0.5
"""}
SCENARIO = """\
# My programme in a place: what `iccmsim compare`, `run` and `explain` are given.
format = 1
name = "my-programme"
setting = {setting}
programme = "programme.toml"
"""
BESIDE = """\
# {programme} in the setting of scenario.toml, to compare with.
format = 1
name = "{programme}"
setting = {setting}
programme = "{programme}"
"""
README = """\
# My programme

`programme.toml` holds what your programme changes, `scenario.toml` puts it in a setting. In this folder:

```sh
iccmsim explain scenario.toml
iccmsim diff {start} scenario.toml
iccmsim compare {arms} scenario.toml{places} --seeds 5
```

{of_files}`iccmsim programmes` and `iccmsim settings` list what else there is to start from.
"""
OF_FILES = """\
FOLDER holds the lists of the place ({files}): docs/places.md of iccmsim says how to write them, and
`iccmsim places {start} --places FOLDER` what is made of them.

"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("folder", metavar="FOLDER", help="a new folder")
    parser.add_argument("--from", dest="base", metavar="PROGRAMME", default="iccm-as-delivered",
                        help="what to start from (see iccmsim programmes; default iccm-as-delivered)")  # fmt: skip
    parser.add_argument("--setting", metavar="SETTING", default="sahel", help="where (see iccmsim settings; default "
                        "sahel), or the .toml file of a setting of your own")  # fmt: skip


def go(asked: argparse.Namespace) -> None:
    """Write the folder, whole or not at all, and say what to do next."""
    from iccmsim.parameters.files import is_file_name

    _known("--from", asked.base, piece="programme", also=_is_profile)
    _known("--setting", asked.setting, piece="setting", also=is_file_name)
    folder = _new_folder(asked.folder)
    part = folder.with_name(f"{folder.name}.part{os.getpid()}")
    try:
        with writing(folder):
            part.mkdir()
            names = _fill(part, asked.setting, asked.base)
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    with printing(folder):
        print(f"Written: {', '.join(str(folder / name) for name in names)}\nNext: iccmsim explain "
              f"{shlex.quote(str(folder / 'scenario.toml'))}")  # fmt: skip


def _fill(folder: Path, setting: str, base: str) -> list[str]:
    """Write all files, and name them; beside a setting of one's own those of the arms to compare with, too."""
    from iccmsim.parameters.files import is_file_name

    named, compared = json.dumps(setting), list(dict.fromkeys(("facility-only", base)))
    arms = [f"{setting}/{programme}" for programme in compared]
    beside: list[str] = []
    if is_file_name(setting):
        named = json.dumps(_seen_from(folder, setting), ensure_ascii=False)
        arms = beside = [f"{programme}.toml" for programme in compared]
        for name, programme in zip(beside, compared, strict=True):
            _write(folder / name, BESIDE.format(programme=programme, setting=named))
    words = {"setting": named, "base": base, "start": arms[-1], "arms": " ".join(arms)}
    words |= _of_scenario(str(folder / beside[-1]) if beside else arms[-1], start=arms[-1])
    texts = {"programme.toml": PROGRAMME, "scenario.toml": SCENARIO, "README.md": README}
    for name, text in texts.items():
        _write(folder / name, text.format(**words))
    return [*texts, *beside]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _seen_from(folder: Path, setting: str) -> str:
    """Where the file of a setting is, seen from the new folder."""
    with reading():
        file = Path(setting).expanduser().resolve()
        if not file.is_file():
            raise InputError(f"--setting {setting}: no such file")
    try:
        return Path(os.path.relpath(file, folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def _of_scenario(name: str, *, start: str) -> dict[str, str]:
    """What fills the gaps of the texts; a setting of a real place needs its lists, and others take none."""
    from iccmsim.parameters.scenario import load_scenario

    with reading():
        scenario = load_scenario(name, need_files=False)
    place, words = scenario.place, OF_CHWS if scenario.programme["chw.deployed"] else WITHOUT_CHWS
    if place.kind != "files":
        return words | {"places": "", "of_files": ""}
    files = ", ".join(f"`{name}`" for name in place.files())
    return words | {"places": " --places FOLDER", "of_files": OF_FILES.format(files=files, start=start)}


def _is_profile(name: str) -> bool:
    """Whether a name stands for levels of maturity."""
    from iccmsim.parameters.maturity import profile_of_name

    with reading():
        return profile_of_name(name) is not None


def _known(option: str, name: str, *, piece: str, also: Callable[[str], bool] = lambda name: False) -> None:
    from iccmsim.parameters.files import library_names

    names = library_names()[piece]
    if name not in names and not also(name):
        raise InputError(f"{option} {name}: unknown {piece}{did_you_mean(name, names) or f'; see iccmsim {piece}s'}")


def _new_folder(name: str) -> Path:
    if not name.strip():
        raise InputError("FOLDER: the name is empty")
    folder = Path(name).expanduser().absolute() if Path(name).name in ("", "..") else Path(name).expanduser()
    if folder.exists():
        raise InputError(f"{name}: is there already; iccmsim new writes a new folder only")
    above = folder.absolute().parent
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{name}: {above} is not a folder that can be written to")
    return folder
