"""The experiment on ordering rules: its tables, and that its reading says what was run."""

from __future__ import annotations

import csv
import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
AVERTED, LACKING, DOSES = "expected_deaths_averted", "percent_days_lacking", "chw_doses"
NUMBER = r"-?[\d,]+(?:\.\d+)?"
SAID = rf"({NUMBER}) ± ({NUMBER})"
FORMS = {  # how the reading names a number (the sign is in the word), and what it is in the table beside it
    rf"{SAID} % of days by past use": (1, f"{LACKING}, past use"),
    rf"{SAID} % by min-max": (1, f"{LACKING}, min-max"),
    rf"{SAID} % with the same kit": (1, f"{LACKING}, same kit"),
    rf"{SAID} % with messages": (1, f"{LACKING}, messages"),
    rf"messages avert {SAID} deaths more": (1, f"{AVERTED}, messages less past use"),
    rf"min-max {SAID} more": (1, f"{AVERTED}, min-max less past use"),
    rf"the same kit {SAID} fewer": (-1, f"{AVERTED}, same kit less past use"),
    rf"of {SAID}(?=\. A lead)": (1, f"{AVERTED}, past use"),
    rf"A lead of 28 days in place of 7 costs {SAID}": (-1, f"{AVERTED}, lead of 28 days less 7"),
    rf"a fill rate of 0\.95 in place of 0\.6 gains {SAID}": (1, f"{AVERTED}, fill of 0.95 less 0.6"),
    rf"under messages {SAID}, no more than chance": (1, f"{AVERTED}, fill of 0.95 less 0.6, messages"),
    rf"CHWs give {SAID} doses from it": (1, f"{DOSES}, same kit"),
    rf"{SAID} by past use; a larger": (1, f"{DOSES}, past use"),
}
NOT_RESULTS = "± 2 Monte-Carlo errors of 20 seeds"


def reading() -> str:
    """What the script says of its result, as one line."""
    text = (EXPERIMENTS / "supply_rules.py").read_text(encoding="utf-8")
    return " ".join(re.search(r"^Reading(.*?)^python ", text, re.DOTALL | re.MULTILINE)[1].split())


def kept() -> dict[str, tuple[float, float]]:
    """The table beside the reading: value and two Monte-Carlo errors."""
    with (EXPERIMENTS / "readings" / "supply_rules.csv").open(encoding="utf-8") as file:
        return {row["what"]: (float(row["value"]), float(row["half_width"])) for row in csv.DictReader(file)}


def faults_of(text: str, table: dict[str, tuple[float, float]]) -> list[str]:
    """Numbers of a reading that are not those of the table, forms that are missing, numbers that no form explains."""
    faults = []
    for form, (sign, what) in FORMS.items():
        found = re.search(form, text)
        if found is None:
            faults.append(f"not said: {what}")
            continue
        for said, value in zip(found.groups(), (sign * table[what][0], table[what][1]), strict=True):
            places = len(said.partition(".")[2])
            if abs(float(said.replace(",", "")) - value) > 0.5 * 10.0**-places + 1e-9:
                faults.append(f"{what}: {said} is written, and it is {value:.6g}")
        text = text.replace(found[0], "")
    return faults + [f"{word}: is said and not kept" for word in re.findall(r"\S*\d\S*", text.replace(NOT_RESULTS, ""))]


def test_every_number_of_the_reading_is_in_the_table_beside_it():
    assert faults_of(reading(), kept()) == []


@pytest.mark.parametrize(("found", "other"), [
    (r"(?<=box on )\d\d", "99"), (r"(?<=avert )\S+ ± 0\.\d", "0.01 ± 0.9"), (r"(?<=min-max )(?=1\.)", "-"),
    (r"(?<=give \d\d,)\d{3}", "001"), ("Two warnings", "3 warnings"),
])  # fmt: skip
def test_a_wrong_number_would_be_noticed(found, other):
    wrong, times = re.subn(found, other, reading(), count=1)
    assert times == 1
    assert faults_of(wrong, kept())


@pytest.fixture(scope="module")
def script() -> dict:
    """The names of the script."""
    return runpy.run_path(str(EXPERIMENTS / "supply_rules.py"))


def toy_runs() -> pd.DataFrame:
    """Two seeds of a grid in which every number is known: days lacking are 10 x rule + lead + seed x fill."""
    rows = [(rule, lead, fill, seed) for rule in range(4) for lead in (7, 14, 28) for fill in (0.6, 0.8, 0.95)
            for seed in (1, 2)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["programme.sup.rule", "programme.sup.lead", "programme.sup.fill", "seed"])
    rule, lead, fill, seed = (table[name] for name in table.columns)
    return table.assign(percent_days_lacking=10 * rule + lead + seed * fill, expected_deaths_averted=-rule * fill,
                        chw_doses=100.0 * seed)  # fmt: skip


def test_contrasts_are_paired_by_seed_and_averaged_over_all_else(script):
    found = {row["what"]: (row["value"], row["half_width"]) for row in script["contrasts"](toy_runs())}
    assert found[f"{LACKING}, min-max less past use"] == pytest.approx((10, 0))
    assert found[f"{LACKING}, lead of 28 days less 7"] == pytest.approx((21, 0))
    assert found[f"{LACKING}, fill of 0.95 less 0.6"] == pytest.approx((1.5 * 0.35, 2 * 0.35 / 2))
    assert found[f"{AVERTED}, messages less past use"] == pytest.approx((-3 * np.mean([0.6, 0.8, 0.95]), 0))
    assert found[f"{AVERTED}, fill of 0.95 less 0.6, messages"] == pytest.approx((-3 * 0.35, 0))
    assert found[f"{DOSES}, same kit"] == pytest.approx((150, 100))
    assert set(found) == set(kept())


def test_a_combination_has_its_own_mean_and_error(script):
    rows = script["combinations"](toy_runs())
    assert len(rows) == 36
    last = rows[-1]
    assert (last["rule"], last["lead_days"], last["fill_rate"]) == ("messages", 28, 0.95)
    assert last[LACKING] == pytest.approx(58 + 1.5 * 0.95)
    assert last[f"{LACKING}_mcse"] == pytest.approx(0.95 / 2)


def test_runs_that_failed_are_not_passed_over(script):
    class Done:
        @staticmethod
        def table() -> pd.DataFrame:
            return pd.DataFrame({"status": ["done", "failed"], "arm": ["sahel/iccm-as-delivered"] * 2,
                                 "chw_stock_out": [0.1, 0.2]})  # fmt: skip

    with pytest.raises(ValueError, match="1 runs failed"):
        script["runs_of"](Done())


def test_what_is_not_there_is_told_in_one_line(script, tmp_path, capsys):
    assert script["main"](["--out", str(tmp_path / "none"), "--remake"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("supply_rules.py: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "none").exists()
