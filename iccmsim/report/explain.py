"""A scenario in sentences: where it plays, what CHWs do, and why each value that is not the default is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.declare import plain
from iccmsim.parameters.files import read_toml, reasons_of
from iccmsim.parameters.maturity import LEVELS
from iccmsim.parameters.reasons import Reason
from iccmsim.parameters.shocks import WORDS, shock_kinds
from iccmsim.report.terminal import YEAR, count, folded, several
from iccmsim.results.shock_words import shock_in_words

if TYPE_CHECKING:
    from iccmsim.parameters.declare import Parameter
    from iccmsim.parameters.files import Draft
    from iccmsim.parameters.scenario import Scenario
    from iccmsim.parameters.shocks import Shock

FORMAT = 1
NO_REASON = "no reason given"
FACTS = {"Place": "place", "Run": "run", "Maturity": "maturity", "CHWs": "deployment", "Care": "package"}
HEADINGS = {"programme": "The programme", "setting": "The setting", "run": "The run"}


def explained(scenario: Scenario, draft: Draft) -> dict[str, Any]:
    """All that is to be said of a scenario, as one object of plain words and numbers (format 1).

    `draft` is the scenario as written, with the reasons that its files give.
    """
    values = scenario.values(-1)
    return {
        "format": FORMAT, "scenario": scenario.name,
        "files": [{"used_as": used_as, "file": path.name, "name": read_toml(path).get("name", path.stem),
                   "says": read_toml(path).get("says", ""), "about": reasons_of(path).about}
                  for used_as, path in draft.files],
        "place": place_in_words(scenario), "run": run_in_words(values), "maturity": maturity_in_words(draft.levels),
        "deployment": norm_in_words(values),
        "package": package_in_words(values), "values": [*_values(scenario, draft)],
        "changes": [*_changes(scenario, draft)],
        "shocks": [_shock(scenario, each, why) for each, why in zip(scenario.shocks, draft.shock_why, strict=True)],
    }  # fmt: skip


def place_in_words(scenario: Scenario) -> str:
    """Where a scenario plays, in one sentence."""
    place = scenario.place
    if place.kind == "files":
        return f"{place.name}: a real place, read from {', '.join(place.files()[:-1])} and {place.files()[-1]}."
    return (f"{place.name}: a made-up place of {count(place.people)} people, {facilities(place.zones)} with "
            f"{several(place.villages_per_zone, 'village')} each, some {plain(place.radius_km)} km around a "
            "facility.")  # fmt: skip


def facilities(n: int) -> str:
    """So many health facilities."""
    return "1 health facility" if n == 1 else f"{count(n)} health facilities"


def run_in_words(values: Mapping[str, Any]) -> str:
    """How long it runs."""
    days, before, after = (int(values[f"run.{name}"]) for name in ("days", "warmup_days", "tail_days"))
    return f"{count(days)} days from launch ({days / YEAR:.1f} years), {before} days before it and {after} beyond."


def maturity_in_words(levels: Mapping[str, int]) -> str:
    """At which level each component of a maturity profile stands; "" for a programme that is none."""
    scale = ", ".join(f"{n} {word}" for n, word in enumerate(LEVELS))
    return f"{', '.join(f'{name} {level}' for name, level in levels.items())} ({scale})." if levels else ""


def norm_in_words(values: Mapping[str, Any]) -> str:
    """The deployment norm: whom CHWs are placed for, and when."""
    if not values["chw.deployed"]:
        near = values["hmm.reach"]
        return ("No CHWs: health facilities and informal sellers only." if not near else
                f"No CHWs: health facilities, informal sellers, and a volunteer with ACT near {_percent(near)} of "
                "families.")  # fmt: skip
    far = (f"in villages {plain(values['chw.min_km'])} km or more from every facility" if values["chw.min_km"]
           else "in every village, however near a facility")  # fmt: skip
    when = f"over {plain(values['chw.rollout'])} days" if values["chw.rollout"] else "all on the day of launch"
    paid = "" if values["chw.funded"] >= 1 else f" money for {values['chw.funded']:.0%} of them, larger posts first;"
    return (f"One CHW for {count(values['chw.catch'])} people {far}, a post serving villages within "
            f"{plain(values['chw.radius_km'])} km;{paid} posted {when}.")  # fmt: skip


def package_in_words(values: Mapping[str, Any]) -> str:
    """What CHWs may treat, with what, and whom they send on."""
    volunteers = ("Volunteers near families give ACT for fever, without a test, and treat nothing else."
                  if values["hmm.reach"] else "")  # fmt: skip
    if not values["chw.deployed"]:
        return volunteers
    treated = [words for words in (_malaria(values), _pneumonia(values), _diarrhoea(values)) if words]
    youngest, oldest = youngest_treated(values), values["policy.oldest_months"]
    low = f"{plain(youngest)} months" if youngest else "birth"
    said = [f"CHWs treat {_joined(treated) or 'nothing'} in children from {low} to below {plain(oldest)} months."]
    more = {
        "policy.ras": "They give rectal artesunate before referral.",
        "policy.newborn": "They treat possible serious infection of young infants, and refer it.",
        "policy.muac": f"They measure the arm at {_percent(values['policy.muac'])} of visits and treat severe wasting.",
        "policy.indrawing": "Chest indrawing alone is treated at home.",
        "policy.oximetry": f"They measure oxygen in {_percent(values['policy.oximetry'])} of coughing children.",
        "outreach.minutes_day": f"They go from door to door for {plain(values['outreach.minutes_day'])} minutes a "
                                f"working day{', July to October' if values['outreach.season'] else ''}.",
        "newborn.visits": f"They visit {_percent(values['newborn.visits'])} of newborns at home on days 1, 3 and 7, if "
                          "they are there that day.",
    }  # fmt: skip
    return " ".join([*said, *(words for key, words in more.items() if values[key]), volunteers]).strip()


def youngest_treated(values: Mapping[str, Any]) -> float:
    """From how many months of age on CHWs treat."""
    return max(values["policy.youngest_months"], 2 if values["policy.under_2m_refer"] else 0)


def _malaria(values: Mapping[str, Any]) -> str:
    how = ("any fever, without a test", "after a test", "only after a test")[int(values["policy.rdt"])]
    return f"malaria ({how})" if values["policy.malaria"] else ""


def _pneumonia(values: Mapping[str, Any]) -> str:
    return "fast breathing (amoxicillin)" if values["policy.pneumonia"] and values["policy.antibiotics"] else ""


def _diarrhoea(values: Mapping[str, Any]) -> str:
    zinc = " and zinc" if values["policy.zinc"] else " alone"
    return f"diarrhoea (ORS{zinc})" if values["policy.diarrhoea"] else ""


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _values(scenario: Scenario, draft: Draft) -> Iterator[dict[str, Any]]:
    """Each value that is not the declared default, programme first; values of the place stand in its sentence."""
    for section in HEADINGS:
        for key, value in getattr(scenario, section).items():
            each = parameter(key)
            if value != each.default:
                yield _row(each, value, draft.why.get(each.path, Reason()))


def _row(each: Parameter, value: Any, why: Reason) -> dict[str, Any]:
    return {"path": each.path, "section": each.section, "key": each.key, "value": value, "default": each.default,
            "unit": each.unit, "says": each.says, "why": why.text or NO_REASON, "grade": why.grade or None,
            "file": why.file or None}  # fmt: skip


def _changes(scenario: Scenario, draft: Draft) -> Iterator[dict[str, Any]]:
    """Each dated change with what it replaces."""
    why: dict[int, dict[str, Reason]] = {}
    for written, reasons in zip(draft.changes, draft.change_why, strict=True):
        why.setdefault(written["day"], {}).update(reasons)
    for day, changed in scenario.changes:
        before = scenario.values(day - 1)
        rows = [_row(parameter(key), value, why[day].get(key, Reason())) | {"before": before[key]}
                for key, value in changed.items()]  # fmt: skip
        yield {"day": day, "values": rows}


def _shock(scenario: Scenario, shock: Shock, why: Mapping[str, Reason]) -> dict[str, Any]:
    """A shock: when, where, and what it sets in place of what would hold on the day it begins; the reasons of the file,
    else of the library where it says the same."""
    before = scenario.values(shock.day)
    ready = shock_kinds().get(shock.kind, {"says": "", "values": {}, "why": {}, "days": None})
    mine = {key: value for key, value in ready["values"].items() if key in shock.values and key not in why}
    rows = []
    for key, value in shock.values.items():
        each = parameter(key)
        same = key in mine and mine[key] == (list(value) if each.size else value)
        reason = ready["why"].get(key, Reason()) if same else why.get(key, Reason())
        rows.append(_row(each, value, reason) | {"before": before[key]})
    given = {word: why[word].text for word in WORDS if word in why}
    if "days" not in given and ready["days"] == shock.days:
        given["days"] = ready["days_why"].text
    told = shock.told()
    return {"kind": shock.kind, "says": ready["says"], "sentence": shock_in_words(told), "day": shock.day,
            "days": shock.days, "zones": told["zones"], "why": given, "values": rows}  # fmt: skip


# --- as text -------------------------------------------------------------------------------------------


def explain_text(said: Mapping[str, Any], *, width: int) -> str:
    """The same for a terminal."""
    def wrapped(text: str, first: str = "", rest: str = "  ") -> str:
        return folded(text, width=width, first=first, rest=rest)

    files = []
    for each in said["files"]:
        files.append(wrapped(f"{_file_in_words(each)}: {each['says']}".rstrip(": ")))
        files += [wrapped(each["about"], first="  ")] if each["about"] else []
    facts = [wrapped(f"{name}: {said[key]}") for name, key in FACTS.items() if said[key]]
    blocks = [said["scenario"], "\n".join(files), "\n".join(facts)]
    for section, heading in HEADINGS.items():
        rows = [row for row in said["values"] if row["section"] == section]
        if rows:
            lines = [f"{heading}: {len(rows)} value{'s' * (len(rows) > 1)} other than the declared default"]
            lines += [_value_text(row, row["default"], wrapped) for row in rows]
            blocks.append("\n".join(lines))
    for change in said["changes"]:
        lines = [f"From day {change['day']}, {change['day'] / YEAR:.1f} years after launch"]
        lines += [_value_text(row, row["before"], wrapped, word="before") for row in change["values"]]
        blocks.append("\n".join(lines))
    for shock in said["shocks"]:
        lines = [wrapped(f"Shock, {shock['sentence']}")]
        lines += [wrapped(each, "      ", "      ") for each in _reasons_of_shock(shock["why"])]
        lines += [_value_text(row, row["before"], wrapped, word="else") for row in shock["values"]]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _reasons_of_shock(why: Mapping[str, str]) -> Iterator[str]:
    """Why it is of its kind, when and where it is: "day, zones: ..."."""
    for text in dict.fromkeys(filter(None, why.values())):
        yield f"{', '.join(word for word, said in why.items() if said == text)}: {text}"


def _file_in_words(each: Mapping[str, str]) -> str:
    """A setting or programme by its name, another file as it is called."""
    return each["file"] if each["used_as"] == "scenario" else f"{each['used_as'].capitalize()} {each['name']}"


def _value_text(row: Mapping[str, Any], beside: Any, wrapped: Any, *, word: str = "default") -> str:
    source = f" [{row['file']}]" if row["file"] else ""
    head = f"{row['key']} = {plain(row['value'])} ({word} {plain(beside)}; {row['unit']}). {row['says']}"
    return wrapped(head, "  ", "    ") + "\n" + wrapped(f"{row['why']}{source}", "      ", "      ")
