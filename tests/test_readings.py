"""The numbers in the reading of an experiment are those of the small table that is kept beside it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
INDEX = {"sensitivity_morris": "mu_star", "sensitivity_sobol": "ST"}
NUMBER = r"(?:-?\d[\d,]*(?:\.\d+)?|-?\.\d+)"
FORMS = {  # each way to name a number in a reading, and what it then is
    "clean": rf"(?P<name>[A-Za-z][A-Za-z \n-]+?) (?P<value>{NUMBER}) ± (?P<half>{NUMBER}) \(no chance\)",
    "alone": rf"(?P<name>CHW workforce) {NUMBER} ± {NUMBER} \(ST; alone S1 (?P<value>{NUMBER}) ± (?P<half>{NUMBER})\)",
    "index": rf"(?P<name>[A-Za-z][A-Za-z \n-]+?) (?P<value>{NUMBER}) ± (?P<half>{NUMBER})",
    "ends": rf"`(?P<name>[a-z][\w.]+)` \((?P<low>{NUMBER}) in its lowest fifth, (?P<high>{NUMBER}) in its highest\)",
    "outcome": rf"(?P<mean>{NUMBER}) on average \((?P<low>{NUMBER}) to (?P<high>{NUMBER})",
    "rows": rf"(?P<kept>{NUMBER}) of (?P<all>{NUMBER}) rows",
    "lost": rf"(?P<lost>{NUMBER}) could not be anchored",
    "set aside": rf"(?P<blocks>{NUMBER}) blocks of rows set aside",
    "chance": rf"(?P<chance>{NUMBER}) % of the variance of a row's mean",
    "shared": rf"(?P<shared>{NUMBER}) of the first five",
    "wide": rf"(?P<wide>{NUMBER}) groups? above \.1 (?:is|are) not known to within \.05",
    "parameters": rf"(?P<parameters>{NUMBER}) parameters",
}  # fmt: skip
COLUMN = {"clean": "ST no chance", "alone": "S1", "index": None}  # of the table; None: the method's own index
NOT_RESULTS = re.compile(r"95 %|S1\b|leaves out 0\b|above \.1\b|within \.05\b")


def reading_of(script: Path) -> str:
    """What a script says of its result, as one line."""
    text = script.read_text(encoding="utf-8")
    return " ".join(re.search(r"^Reading(.*?)^python ", text, re.DOTALL | re.MULTILINE)[1].split())


def kept_beside(name: str) -> dict[str, tuple[float, float | None]]:
    """The table of a reading: what -> value and half-width."""
    with (EXPERIMENTS / "readings" / f"{name}.csv").open(encoding="utf-8") as file:
        return {row["what"]: (float(row["value"]), float(row["half_width"]) if row["half_width"] else None)
                for row in csv.DictReader(file)}  # fmt: skip


def same(said: str, value: float) -> bool:
    """Whether a number is written as the value rounds to, to as many places as are written."""
    places = len(said.partition(".")[2])
    return abs(float(said.replace(",", "")) - value) <= 0.5 * 10.0**-places + 1e-9


def faults_of(reading: str, kept: dict, index: str) -> list[str]:
    """Every number that a reading names wrongly, and what is left of digits that no form explains."""
    faults = []

    def look(what: str, said: str, value: float) -> None:
        if not same(said, value):
            faults.append(f"{what}: {said} is written, and it is {value:.6g}")

    for form, pattern in FORMS.items():
        for found in re.finditer(pattern, reading):
            told = found.groupdict()
            if form in COLUMN:
                column = COLUMN[form] or index
                group = next((key for key in sorted(kept, key=len, reverse=True) if key.startswith(f"{column} of ")
                              and told["name"].endswith(key.removeprefix(f"{column} of "))), None)  # fmt: skip
                if group is None:
                    faults.append(f"{told['name']}: no such group")
                    continue
                look(group, told["value"], kept[group][0])
                look(group, told["half"], kept[group][1])
            elif form == "ends":
                for end, word in (("low", "low"), ("high", "high")):
                    path = next(key for key in kept if key.startswith(f"{word} fifth of ")
                                and key.endswith(f".{told['name']}"))  # fmt: skip
                    look(path, told[end], kept[path][0])
            elif form == "outcome":
                for end in ("mean", "low", "high"):
                    look(f"outcome {end}", told[end], kept[f"outcome {end}"][0])
            else:
                names = {"lost": "not anchored", "blocks": "blocks set aside", "chance": "chance of the mean",
                         "shared": "shared among the first", "wide": "too wide"}  # fmt: skip
                for key, said in told.items():
                    what = names.get(key, key)
                    look(what, said, kept[what][0] * (100 if key == "chance" else 1))
        if form != "alone":  # whose first number is still to be looked up
            reading = re.sub(pattern, "", reading)
        else:
            reading = re.sub(rf" \(ST; alone S1 {NUMBER} ± {NUMBER}\)", "", reading)
    left = re.findall(rf"\S*(?:{NUMBER})\S*", NOT_RESULTS.sub("", reading))
    return faults + [f"{word}: is said and not kept" for word in left]


@pytest.mark.parametrize("name", sorted(INDEX))
def test_every_number_of_a_reading_is_in_the_table_beside_it(name):
    reading = reading_of(EXPERIMENTS / f"{name}.py")
    assert faults_of(reading, kept_beside(name), INDEX[name]) == []
    assert re.search(FORMS["index"], reading)
    assert re.search(FORMS["outcome"], reading)


def test_a_wrong_number_would_be_noticed():
    kept = {"ST of CHW supply": (0.123, 0.04), "kept": (1200.0, None), "all": (1300.0, None)}
    good = "CHW supply 0.12 ± 0.04 from 1,200 of 1,300 rows"
    assert faults_of(good, kept, "ST") == []
    for bad in (good.replace("0.12", "0.13"), good.replace("0.04", "0.05"), good.replace("1,200", "1,201"),
                f"{good}, and 7 more", good.replace("supply", "suply")):  # fmt: skip
        assert faults_of(bad, kept, "ST"), bad
