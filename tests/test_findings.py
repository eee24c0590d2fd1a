"""The tables of docs/findings.md are the stored tables of the experiments, written out.

`python tests/test_findings.py --update` writes them again after an experiment was run anew.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
PAGE, READINGS = HERE / "docs" / "findings.md", HERE / "experiments" / "readings"
Row = dict[str, str]


def number(text: str, digits: int) -> str:
    return f"{round(float(text), digits) + 0.0:,.{digits}f}"


def library(row: Row) -> list[str]:
    return [row["programme"], number(row["chws"], 0), number(row["chw_visits_per_child_year"], 1),
            f"{number(row['expected_averted_mean'], 1)} ({number(row['expected_averted_mcse'], 1)})",
            f"{number(row['expected_averted_low'], 0)} to {number(row['expected_averted_high'], 0)}",
            f"{number(row['percent_of_deaths'], 2)} %", row["beside_as_delivered"]]  # fmt: skip


def components(row: Row) -> list[str]:
    return [row["component"], f"{number(row['averted_alone'], 1)} ({number(row['error'], 1)})",
            f"{number(row['shapley'], 1)} ({number(row['shapley_error'], 1)})",
            f"{row['strongest_partner']}: {number(row['synergy'], 1)} ({number(row['synergy_error'], 1)})"]  # fmt: skip


def shocks(row: Row) -> list[str]:
    days = float(row["days_to_recover"])
    return [row["shock"], row["with"], f"{100 * float(row['most_of_care_lost']):.0f} %",
            number(str(days), 0) if days < 1e9 else "not within the run",
            f"{100 * float(row['most_lost_afterwards']):.0f} %",
            f"{number(row['extra_deaths'], 1)} ({number(row['error'], 1)})",
            *(f"{number(row[name], 0)} ({number(row[f'{name}_error'], 0)})"
              for name in ("fewer_by_chws", "fewer_at_centres"))]  # fmt: skip


def country(row: Row) -> list[str]:
    return [row["area"], row["arm"], number(row["chws"], 0), number(row["expected_averted"], 0),
            number(row["mc_error"], 0), f"{number(row['percent'], 2)} %"]  # fmt: skip


def door(row: Row) -> list[str]:
    return [row["setting"], row["programme"], number(row["chws"], 0),
            f"{number(row['averted'], 1)} ({number(row['error'], 1)})",
            "" if float(row["more_error"]) == 0.0 else f"{number(row['more'], 1)} ({number(row['more_error'], 1)})",
            *(number(row[name], 1) for name in ("saved", "lost", "lost_saw_chw", "lost_missed_chw")),
            number(row["seen_a_month"], 0), f"{100 * float(row['no_turn']):.0f} %"]  # fmt: skip


TABLES: dict[str, tuple[str, Callable[[Row], list[str]]]] = {
    "whole_library": ("| programme | CHWs | visits to a CHW, per child-year | expected deaths averted (error) | one "
                      "district, 2.5 and 97.5 % points | of all deaths | beside as delivered |", library),
    "which_component_next": ("| component | raised alone (error) | share of raising all (error) | most together with |",
                             components),
    "at_the_door": ("| baseline | CHWs as delivered, but | CHWs | deaths averted (error) | beside as delivered (error) "
                    "| saved | lost | lost, seen by a CHW | lost at the door | seen a month, each CHW | "
                    "no turn the day they came |",
                    door),
    "shocks": ("| shock | with | care lost at worst | days to recover | care lost at worst afterwards | deaths added "
               "(error) | fewer treated by CHWs (error) | fewer at health centres (error) |", shocks),
    "a_country": ("| area | arm | CHWs | expected deaths averted | error | of all deaths |", country),
}  # fmt: skip


def written_out(name: str) -> str:
    """The table of a stored reading as the page has it."""
    head, cells = TABLES[name]
    with (READINGS / f"{name}.csv").open(encoding="utf-8") as file:
        rows = ["| " + " | ".join(cells(row)) + " |" for row in csv.DictReader(file)
                if row.get("level", "region") in ("region", "country")]  # fmt: skip
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])


def on_the_page(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"<!-- {name} -->\n(.*?)\n\n", text, re.DOTALL)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_page_is_the_stored_one(name):
    found = on_the_page(name, PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[1] == written_out(name)


def update() -> None:
    """Write all tables of the page again."""
    text = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        found = on_the_page(name, text)
        if found and (READINGS / f"{name}.csv").exists():
            text = text[: found.start(1)] + written_out(name) + text[found.end(1) :]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__" and "--update" in sys.argv:
    update()
