"""Why does a CHW programme lose some children, and would CHWs whom families meet lose fewer?

Question   `iccm-as-delivered` saves children who die without it, and loses others who would live. What did CHWs have to
           do with either: did they see the child, was a family at their door in vain, was there no illness at all in
           the other arm (an antimalarial prevented it)? And what if CHWs had twice the hours, were always there, or
           saw a child that shows a danger sign before all others, or families for whom there is no turn today went
           elsewhere, or home, and did not wait for two nights?
Design     Facilities only against the programme as delivered; with half of the families that have no turn trying
           elsewhere the same day, before they wait; with nobody who waits overnight (half try elsewhere the same day,
           the others go home and decide anew); with triage (a child in danger is seen at once, and the time is missing
           the next day), with twice and four times the minutes of consultation a working day, with CHWs who are never
           absent, with CHWs who are also there on days off, with two of these together, and with a CHW for every 750
           people, not 1,500. Minutes are per day at work, so that CHWs who are always there have more in all. Two
           baselines: `sahel`, fitted to surveys, where families ask more of CHWs than they have time for, and
           `sahel-registers`.
           Expected before it was run: what is lost at the door goes with hours and presence, what is lost to a CHW's
           lesser skill stays; triage saves fewer than one in three of those lost at the door; where CHWs are
           overloaded and nobody waits overnight, at least as much is averted as by triage, since children are seen
           sooner. It came so, but being seen sooner is not what it takes: where half of them try elsewhere the same
           day and the others wait as before, as much is averted. Of four times the hours it was expected that they
           hardly bind, and 45 deaths averted in `sahel`, 31 in `sahel-registers`: it came to 53 and 29.
Reading    Right of the line children saved, left of it children lost, by the first of the four that holds for the
           illness that was fatal in one arm alone; the dot is the net, with two Monte-Carlo errors either way. A child
           lost "at the door" died of an illness with which the family came to a CHW who was away or had no turn left,
           and whom no CHW saw; without CHWs the same child lives.

python experiments/at_the_door.py --out FOLDER [--settings sahel sahel-registers] [--places FOLDER] [--seeds 20] [--toy]
                                  [--remake]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from iccmsim.engine.pairs import PARTS
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import (
    Progress,
    Words,
    at_least,
    csv_of,
    in_one_line,
    lived_or_stored,
    save_figure,
    show_and_keep,
    toy_of,
    write_rows,
)
from iccmsim.report.style import ARMS, INK, STEPS, WORDS, new_figure, quiet
from iccmsim.report.terminal import duration, place_line
from iccmsim.results.folder import refuse_other
from iccmsim.studies.compare import FORMAT, KIND, Comparison, compare
from iccmsim.studies.summary import deaths_of
from iccmsim.studies.sweeping.precision import standard_error

HOURS = {"chw.minutes_day": 120}
FOUR_TIMES = {"chw.minutes_day": 240}
THERE = {"chw.absent": 0, "chw.days_week": 7, "night.avail": 1}
FIRST = {"chw.triage": 1}
ELSEWHERE = {"chw.elsewhere": 0.5}
LEVERS = {"as delivered": {}, "no turn: half go elsewhere": ELSEWHERE, "no turn: nobody waits": {"chw.patience": 0},
          "half of those in danger first": {"chw.triage": 0.5}, "in danger first": FIRST,
          "twice the hours": HOURS, "four times the hours": FOUR_TIMES, "never absent": {"chw.absent": 0},
          "always there": THERE, "always there, half go elsewhere": ELSEWHERE | THERE,
          "always there, in danger first": FIRST | THERE, "always there, twice the hours": HOURS | THERE,
          "a CHW for 750 people": {"chw.catch": 750}}  # fmt: skip
LABELS = dict(zip(PARTS, ("a CHW saw the child", "at the door: came to a CHW in vain", "ill in one arm only",
                          "no CHW had part in it"), strict=True))  # fmt: skip
COLOURS = dict(zip(PARTS, (ARMS[0], ARMS[1], STEPS[2], STEPS[1]), strict=True))
TOY = {"setting.place.people": 6000, "setting.place.zones": 2, "setting.place.villages_per_zone": 5,
       "run.days": 365, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip


def arms(setting: str, *, places: str | None, toy: bool) -> list:
    """Facilities only, then the programme with each change."""
    size = toy_of(setting, TOY, places=places) if toy else {}
    changed = [replace(load_scenario(f"{setting}/iccm-as-delivered", overrides={**size, **levers}, places=places),
                       name=name) for name, levers in LEVERS.items()]  # fmt: skip
    return [load_scenario(f"{setting}/facility-only", overrides=size, places=places), *changed]


def rows(setting: str, result: Comparison) -> list[dict]:
    """One row an arm: the net effect, and the saved and the lost by what a CHW had to do with it."""
    found = []
    as_delivered = deaths_of(result, 1).sum(axis=(1, 2))
    for number, arm in enumerate(result.to_json()["arms"][1:], start=1):
        more = as_delivered - deaths_of(result, number).sum(axis=(1, 2))  # averted beside as delivered, pair by pair
        net = arm["deaths_averted"]
        found.append({"setting": setting, "programme": arm["name"], "chws": arm["setting"]["chws"],
                      "averted": net["mean"], "error": net["mcse"], "more": more.mean(),
                      "more_error": standard_error(more), "seen_a_month": arm["cases_per_chw_month"]["mean"],
                      "no_turn": arm["chw_no_turn"]["mean"],
                      "waited": arm["chw_waited_overnight"]["mean"], "saved": arm["saved"]["mean"],
                      "lost": arm["lost"]["mean"]}
                     | {f"{word}_{part}": arm[f"{word}_by_chw_part"][part]["mean"]
                        for word in ("saved", "lost") for part in PARTS})  # fmt: skip
    return found


def what_was_run(setting: str, result: Comparison) -> str:
    """Place, length and replicates of one baseline."""
    facts = result.facts[0]
    return f"{setting}: {place_line(facts)}; {duration(facts['window_days'])}, {len(result.seeds)} paired replicates."


def figure(found: list[dict], path: Path, *, source: str) -> None:
    """Bars from the line outwards, a panel for each baseline."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    settings = list(dict.fromkeys(row["setting"] for row in found))
    key = [*(Patch(facecolor=COLOURS[part], label=LABELS[part]) for part in PARTS),
           Line2D([], [], color=INK, marker="o", markersize=5, label="net, 2 Monte-Carlo errors")]  # fmt: skip
    page = new_figure(8, 2.3 * len(settings), title="Whom a CHW programme saves, and whom it loses", source=source,
                      subtitle="Children under five who die only without the programme (right) or only with it "
                      "(left), by what CHWs had to do with the fatal illness (place and time: below)",
                      key=key)  # fmt: skip
    for axes, setting in zip(page.subplots(len(settings), 1, sharex=True, squeeze=False)[:, 0], settings, strict=True):
        mine = [row for row in found if row["setting"] == setting]
        for y, row in enumerate(mine):
            for sign, word in ((1, "saved"), (-1, "lost")):
                left = 0.0
                for part in PARTS:
                    axes.barh(-y, sign * row[f"{word}_{part}"], left=left, height=0.62, color=COLOURS[part],
                              edgecolor="white", linewidth=0.6)  # fmt: skip
                    left += sign * row[f"{word}_{part}"]
            axes.errorbar(row["averted"], -y, xerr=2 * row["error"], color=INK, marker="o", markersize=6,
                          markeredgecolor="white", capsize=2)  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.set_title(setting, fontsize=WORDS, color=INK, loc="left", weight="bold", pad=3)
        quiet(axes, grid="x")
        axes.set_yticks([-y for y in range(len(mine))], [row["programme"] for row in mine], fontsize=WORDS)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    for x, word in ((0.3, "lost"), (0.7, "saved")):
        page.axes[0].annotate(word, (0, 1), xytext=((x - 0.5) * 200, 4), xycoords=("data", "axes fraction"),
                              textcoords="offset points", ha="center", fontsize=WORDS, color=INK)  # fmt: skip
    save_figure(page, path)


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run the arms, or take them from the folder again, and write table, manifest and figure."""
    options = Words(__doc__)
    options.add_argument("--settings", nargs="+", default=["sahel", "sahel-registers"])
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a few seconds: two small zones, one year, 2 seeds")
    options.add_argument("--remake", action="store_true", help="table and figure again from the stored results")
    given = options.parse_args(argv)
    if twice := [name for name in given.settings if given.settings.count(name) > 1]:
        raise ValueError(f"--settings: {twice[0]} is given twice")
    for setting in () if given.remake else given.settings:
        refuse_other(given.out / setting, kind=KIND, latest=FORMAT)
    found, ran = [], []
    for setting in given.settings:

        def live(progress: Progress, setting: str = setting) -> Comparison:
            return compare(arms(setting, places=given.places, toy=given.toy),
                           seeds=2 if given.toy else given.seeds, progress=progress)  # fmt: skip

        result, keep = lived_or_stored(given.out / setting, live, remake=given.remake, what=setting,
                                       fits=lambda names: names[1:] == tuple(LEVERS))  # fmt: skip
        mine = rows(setting, result)
        text = csv_of(mine)
        show_and_keep(text.partition("\n")[2] if found else text, keep)  # with headings once
        found += mine
        ran.append(what_was_run(setting, result))
    write_rows(found, given.out / "at_the_door.csv")
    figure(found, given.out / "at_the_door.png", source=" ".join(ran))
    return 0


if __name__ == "__main__":
    sys.exit(main())
