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


def density(row: Row) -> list[str]:
    return [number(row["people_per_chw"], 0), number(row["chws"], 0),
            f"{number(row['deaths_averted_mean'], 1)} ({number(row['deaths_averted_mcse'], 1)})",
            f"{number(row['deaths_averted_low'], 0)} to {number(row['deaths_averted_high'], 0)}",
            f"{number(row['percent_averted_mean'], 2)} %",
            *(number(row[f"{name}_mean"], 1) for name in ("saved", "lost"))]  # fmt: skip


def home_visits(row: Row) -> list[str]:
    return [row["arm"].replace("-", " "), number(row["deaths_per_1000_child_years"], 2),
            "" if float(row["error"]) == 0.0 else f"{number(row['rate_ratio'], 3)} ({number(row['error'], 4)})",
            f"{100 * float(row['formal_care_by_the_next_day']):.1f} %",
            *(number(row[name], 2) for name in ("episodes_seen_by_a_chw_per_child_year", "visits_to_posts",
                                                "found_at_home", "visits_to_centres"))]  # fmt: skip


def artesunate(row: Row) -> list[str]:
    averted = "" if row["arm"] == "without" else f"{number(row['averted'], 1)} ({number(row['se'], 1)})"
    told = "" if row["naive_ratio"] == "nan" else number(row["naive_ratio"], 2)
    return [row["arm"], number(row["malaria_deaths"], 1), averted, number(row["given"], 0),
            number(row["eligible_not_given"], 0), told]  # fmt: skip


TABLES: dict[str, tuple[str, Callable[[Row], list[str]]]] = {
    "whole_library": ("| programme | CHWs | visits to a CHW, per child-year | expected deaths averted (error) | one "
                      "district, 2.5 and 97.5 % points | of all deaths | beside as delivered |", library),
    "chw_density": ("| people for a CHW | CHWs | deaths averted (error) | one district, 2.5 and 97.5 % points | of all "
                    "deaths | saved | lost |", density),
    "which_component_next": ("| component | raised alone (error) | share of raising all (error) | most together with |",
                             components),
    "at_the_door": ("| baseline | CHWs as delivered, but | CHWs | deaths averted (error) | beside as delivered (error) "
                    "| saved | lost | lost, seen by a CHW | lost at the door | seen a month, each CHW | "
                    "no turn the day they came |",
                    door),
    "rectal_artesunate": ("| arm | malaria deaths | averted (error) | children given it | eligible, not given it | "
                          "deaths of those given it over the others' |", artesunate),
    "proactive_visits": ("| CHWs | deaths per 1,000 child-years | rate ratio (error) | illnesses with formal care by "
                         "the next day | illnesses seen by a CHW, per child-year | visits to CHWs' posts | sick "
                         "children found at home | visits to health centres |", home_visits),
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


def of_home_visits() -> list[str]:
    """What the page must say of home visits, word for word, by the stored table."""
    with (READINGS / "proactive_visits.csv").open(encoding="utf-8") as file:
        fixed, proactive = ({name: float(each) for name, each in row.items() if name != "arm"}
                            for row in csv.DictReader(file))  # fmt: skip
    by_chws = [row["visits_to_posts"] + row["found_at_home"] for row in (fixed, proactive)]
    shares = [100 * row["formal_care_by_the_next_day"] for row in (fixed, proactive)]
    return [f"{proactive['pairs']:.0f} paired seeds",
            f"{proactive['rate_ratio']:.3f} times those without (error {proactive['error']:.4f})",
            f"{100 * (1 - proactive['rate_ratio']):.1f} % fewer", "1.02 (.88-1.19)",
            f"{shares[1]:.0f} % of illnesses have formal care by the next day, not {shares[0]:.0f} %",
            f"CHWs see a sick child {by_chws[1]:.1f} times per child-year, not {by_chws[0]:.1f} times"]  # fmt: skip


def test_the_text_on_home_visits_says_what_is_stored():
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    section = page.partition("## CHWs from door to door")[2].partition(" ## ")[0]
    assert [each for each in of_home_visits() if each not in section] == []


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
