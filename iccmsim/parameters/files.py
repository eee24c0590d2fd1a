"""Scenario files: read from TOML, put on top of what they extend, and written out whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from iccmsim.parameters.catalogue import SECTIONS, all_parameters, of_section
from iccmsim.parameters.checks import unknown_words, wrong_name
from iccmsim.parameters.declare import did_you_mean, plain
from iccmsim.parameters.faults import ScenarioError, toml_fault
from iccmsim.parameters.maturity import check_profile, levers_of, profile_of_name
from iccmsim.parameters.reasons import Reason, Reasons, read_reasons
from iccmsim.parameters.tables import DEEPEST, is_deeper, keys_of, shock_of, tables_of, twice_on_a_day, values_of

FORMAT = 1
LIBRARY = Path(__file__).parent / "library"
TOP_WORDS = ("format", "name", "says", "extends", "setting", "programme", "run", "shock", "maturity")
PIECES = {"setting": "settings", "programme": "programmes"}
OVERRIDE = Reason("given beside the file")


@dataclass
class Draft:
    """A scenario as written, not yet checked: flat keys a section, the place, and the dated changes.

    `why` holds the reason of each value that is written somewhere, by dotted path; `change_why` and `shock_why` those
    of each change and each shock, by key. `levels` are those of a maturity profile, if the programme is one.
    `files` are those that were read, in order: (what each was used as, where it is).
    """

    name: str = ""
    setting: dict[str, Any] = field(default_factory=dict)
    programme: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    place: Any = field(default_factory=dict)
    changes: list[Any] = field(default_factory=list)
    shocks: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    why: dict[str, Reason] = field(default_factory=dict)
    change_why: list[dict[str, Reason]] = field(default_factory=list)
    shock_why: list[dict[str, Reason]] = field(default_factory=list)
    levels: Mapping[str, int] = field(default_factory=dict)
    files: list[tuple[str, Path]] = field(default_factory=list)

    def put(self, section: str, key: str, value: Any, why: Reason = OVERRIDE) -> None:
        """Give one key of a section its value, and keep the reason."""
        getattr(self, section)[key] = value
        self.why[key if section == "run" else f"{section}.{key}"] = why

    def clear(self, piece: str) -> None:
        """Forget the setting or the programme."""
        setattr(self, piece, {})
        self.files = [(used_as, path) for used_as, path in self.files if used_as != piece]
        self.why = {path: why for path, why in self.why.items() if not path.startswith(f"{piece}.")}
        if piece == "setting":
            self.place, self.shocks, self.shock_why = {}, [], []
        else:
            self.changes, self.change_why, self.levels = [], [], {}


@cache
def library_names() -> dict[str, tuple[str, ...]]:
    """The settings and the programmes that come with the package."""
    return {piece: tuple(sorted(file.stem for file in (LIBRARY / folder).glob("*.toml")))
            for piece, folder in PIECES.items()}


def draft_of(name: str, *, beside: Path | None = None, seen: tuple[str, ...] = ()) -> Draft:
    """The scenario called "setting/programme", or in a .toml file, with all that it extends beneath it."""
    if not is_file_name(name):
        return _from_library(name)
    path = _path(name, beside)
    _refuse_circle(path, seen)
    table = read_toml(path)
    draft = Draft(faults=unknown_words(table, known=TOP_WORDS))
    if isinstance(table.get("extends"), str) and table["extends"].strip() and "\0" not in table["extends"]:
        under = draft_of(table["extends"], beside=path.parent, seen=(*seen, str(path)))
        under.faults += draft.faults
        draft = under
    elif "extends" in table:
        draft.faults.append(f"extends = {plain(table['extends'])}: "
                            "must be a text, setting/programme or a .toml file")
    draft.name = path.stem
    draft.files.append(("scenario", path))
    _lay_over(draft, table, path=path)
    return draft


def is_file_name(name: str) -> bool:
    """Whether a name is that of a file (else it is looked for in the library)."""
    return name.lower().endswith(".toml")


def _path(name: str, beside: Path | None) -> Path:
    if "\0" in name:
        raise ScenarioError(f"{plain(name)}: holds the character NUL, which no name of a file may")
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        raise ScenarioError(f"{name}: there is no home folder of {Path(name).parts[0]}") from None
    return (path if beside is None else beside / path).resolve()


def _from_library(name: str) -> Draft:
    setting, slash, programme = name.partition("/")
    if not slash:
        for piece, names in library_names().items():
            if name in names:
                example = f"{name}/iccm-as-delivered" if piece == "setting" else f"sahel/{name}"
                raise ScenarioError(f"{name}: is a {piece} only; a scenario is both, such as {example}")
        raise ScenarioError(f"{name or repr(name)}: must be setting/programme, such as sahel/iccm-as-delivered, "
                            "or a .toml file")
    draft = Draft(name=name)
    draft.faults += _take_piece(draft, "setting", setting) + _take_piece(draft, "programme", programme)
    if draft.faults:
        raise ScenarioError(draft.faults)
    return draft


def _take_piece(draft: Draft, piece: str, name: str, *, beside: Path | None = None,
                seen: tuple[str, ...] = ()) -> list[str]:  # fmt: skip
    """Replace the setting or the programme of a draft by one of the library or of a file, with all it extends."""
    if is_file_name(name):
        path = _path(name, beside)
    elif name in library_names()[piece]:
        path = piece_file(piece, name)
    elif piece == "programme" and (levels := profile_of_name(name)) is not None:
        draft.clear(piece)
        _lay_profile(draft, levels, LIBRARY / "maturity")
        return []
    else:
        hint = did_you_mean(name, library_names()[piece]) or f"; iccmsim {piece}s lists them"
        return [f"{piece} = {plain(name)}: unknown {piece}{hint}"]
    _refuse_circle(path, seen)
    table = read_toml(path)
    other, under = next(word for word in PIECES if word != piece), table.get("extends")
    for word in (other, *(("shock",) if piece == "programme" else ("maturity",))):
        if word in table:
            return [f"{path.name}: is used as a {piece}, so it cannot have {word}"]
    if under is None:
        draft.clear(piece)
    elif not isinstance(under, str) or ("/" in under and not is_file_name(under)):
        return [f"{path.name}: is used as a {piece}, so extends = {plain(under)} must be the name of a {piece} "
                "or a .toml file of one"]
    elif faults := _take_piece(draft, piece, under, beside=path.parent, seen=(*seen, str(path))):
        return [f"{path.name} extends {fault}" for fault in faults]
    name = draft.name
    draft.files.append((piece, path))
    _lay_over(draft, table, path=path)
    draft.name = name
    return unknown_words(table, known=TOP_WORDS, where=f"{path.name}: ")


def _refuse_circle(path: Path, seen: tuple[str, ...]) -> None:
    if str(path) in seen:
        circle = " -> ".join(Path(each).name for each in (*seen, str(path)))
        raise ScenarioError(f"extends: goes round in a circle: {circle}")


def piece_file(piece: str, name: str) -> Path:
    """The file of a setting or programme of the library."""
    return LIBRARY / PIECES[piece] / f"{name}.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file of format 1; a ScenarioError says in one line why it cannot be read."""
    return deepcopy(_read_library(path)) if LIBRARY in path.parents else _read_toml(path)


@cache
def _read_library(path: Path) -> dict[str, Any]:
    return _read_toml(path)


def reasons_of(path: Path) -> Reasons:
    """What the comments of a file that can be read say of its values."""
    return _library_reasons(path) if LIBRARY in path.parents else _read_reasons(path)


@cache
def _library_reasons(path: Path) -> Reasons:
    return _read_reasons(path)


def _read_reasons(path: Path) -> Reasons:
    return read_reasons(path.read_text(encoding="utf-8-sig"))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(text := path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        close = did_you_mean(path.name, [other.name for other in path.parent.glob("*.toml")])
        raise ScenarioError(f"{path}: no such file{close}") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not written in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {toml_fault(text, error)}") from None
    except RecursionError:
        table = None
    except ValueError:
        raise ScenarioError(f"{path}: holds a number of more digits than can be read") from None
    if table is None or is_deeper(table, DEEPEST):
        raise ScenarioError(f"{path}: holds tables or lists more than {DEEPEST} levels deep")
    if "format" not in table:
        raise ScenarioError(f"format: missing in {path.name}; write format = {FORMAT}")
    if isinstance(table["format"], bool) or table["format"] != FORMAT:
        raise ScenarioError(f"format = {plain(table['format'])}: this version reads format {FORMAT}")
    return table


def _lay_over(draft: Draft, table: Mapping[str, Any], *, path: Path) -> None:
    """Put what a file says on top of what is there."""
    if not isinstance(table.get("says", ""), str):
        draft.faults.append(f"says = {plain(table['says'])}: must be a text")
    if "name" in table:
        why = wrong_name(table["name"])
        draft.faults += [f"name = {plain(table['name'])}: {why}"] if why else []
        draft.name = draft.name if why else table["name"]
    if isinstance(shocks := table.get("shock", []), list):
        told, wrong = tables_of("shock", shocks, first=len(draft.shocks))
        draft.shocks += [shock_of(each) for each in told]
        draft.faults += wrong
        draft.shock_why += [_of_one("shock", n, path=path) for n in range(len(shocks))]
    else:
        draft.faults.append("shock: must be written [[shock]], one for each")
    if "maturity" in table and isinstance(named := table.get("programme"), str):
        draft.faults.append(f"programme = {plain(named)} beside [maturity]: a file must have one of them "
                            "([maturity] may stand in the file of a programme)")
    elif "maturity" in table:
        _lay_maturity(draft, table["maturity"], path=path)
    for section in SECTIONS:
        part = table.get(section, {})
        if isinstance(part, str) and section in PIECES:
            draft.faults += _take_piece(draft, section, part, beside=path.parent)
        elif isinstance(part, Mapping):
            _lay_section(draft, section, part, path=path)
        else:
            draft.faults.append(f"{section} = {plain(part)}: must be a table"
                                + (" or the name of one" if section in PIECES else ""))


def _lay_maturity(draft: Draft, given: Any, *, path: Path) -> None:
    """Replace the programme by a maturity profile; what the file says of the programme comes on top."""
    if not isinstance(given, Mapping):
        draft.faults.append(f"maturity = {plain(given)}: must be a table of components and their levels")
        return
    levels, wrong = check_profile(given)
    folder = given.get("folder")
    if folder is not None and (not isinstance(folder, str) or not folder.strip()):
        wrong.append(f"maturity.folder = {plain(folder)}: must be the name of a folder with the levels of components")
    draft.faults += wrong
    if not wrong:
        draft.clear("programme")
        _lay_profile(draft, levels, _path(folder, path.parent) if folder else LIBRARY / "maturity")


def _lay_profile(draft: Draft, levels: Mapping[str, int], folder: Path) -> None:
    values, why = levers_of(levels, folder)
    for key, value in values.items():
        draft.put("programme", key, value)
    draft.why |= why
    draft.levels = dict(levels)


def _lay_section(draft: Draft, section: str, part: Mapping[str, Any], *, path: Path) -> None:
    part, said = dict(part), reasons_of(path).of
    if section == "setting" and "place" in part:
        place = part.pop("place")
        lay_place(draft, place)
        draft.why |= {f"setting.place.{key}": Reason(said.get(f"setting.place.{key}", ""), path.name)
                      for key in (place if isinstance(place, Mapping) else ())}
    if section == "programme" and "change" in part:
        changes = part.pop("change")
        if isinstance(changes, list):
            first = len(draft.changes)
            told, wrong = tables_of("programme.change", changes, first=first)
            draft.changes += told
            draft.faults += wrong + twice_on_a_day(told, first=first)
            draft.change_why += [_of_one("programme.change", n, path=path) for n in range(len(changes))]
        else:
            draft.faults.append("programme.change: must be written [[programme.change]], one for each day")
    values, wrong = values_of(section, part, keys=keys_of(section))
    draft.faults += wrong
    for key, value in values.items():
        why = Reason(said.get(f"{section}.{key}", ""), path.name)
        draft.put(section, f"run.{key}" if section == "run" else key, value, why)


def _of_one(table: str, number: int, *, path: Path) -> dict[str, Reason]:
    """The reasons within one of a list of tables of a file (a dated change, a shock), by key."""
    head = f"{table}[{number}]."
    said = reasons_of(path).of
    return {key.removeprefix(head): Reason(text, path.name) for key, text in said.items() if key.startswith(head)}


def lay_place(draft: Draft, place: Any) -> None:
    """Change some numbers of the place, or all of it if its kind is another."""
    if not isinstance(place, Mapping):
        draft.place = place
        return
    under = draft.place if isinstance(draft.place, Mapping) else {}
    same_kind = place.get("kind", under.get("kind")) == under.get("kind")
    draft.place = {**under, **place} if same_kind else dict(place)


def lay_overrides(draft: Draft, overrides: Mapping[str, Any]) -> None:
    """Put values given by dotted key on top; a key without its section will do where it is clear."""
    for key, value in overrides.items():
        value = value.tolist() if hasattr(value, "tolist") else value
        section, _, rest = key.partition(".")
        place = key.removeprefix("setting.").split(".")
        if place[0] == "place" and len(place) == 2:
            lay_place(draft, {place[1]: value})
            draft.why[f"setting.place.{place[1]}"] = OVERRIDE
        elif section == "run":
            draft.put("run", key, value)
        elif section in SECTIONS and rest:
            draft.put(section, rest, value)
        else:
            _lay_bare(draft, key, value)


def path_of(key: str) -> str:
    """The dotted path of a key that may be given without its section; of an unknown one the key itself."""
    section, _, rest = key.partition(".")
    if section == "place" and rest:
        return f"setting.{key}"
    return key if section in SECTIONS else next((each.path for each in all_parameters() if each.key == key), key)


def _lay_bare(draft: Draft, key: str, value: Any) -> None:
    """Put a value whose key does not name its section."""
    for section in SECTIONS:
        if key in of_section(section):
            draft.put(section, key, value)
            return
    inside = [each.key for each in all_parameters() if each.key.startswith(f"{key}.")]
    hint = (f"; it is a table of keys, such as {', '.join(inside[:3])}" if inside
            else did_you_mean(key, [each.key for each in all_parameters()]))
    draft.faults.append(f"{key}: unknown key{hint}")
