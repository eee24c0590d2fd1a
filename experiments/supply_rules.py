"""How should CHWs be resupplied: which ordering rule, and what do faster or fuller deliveries add to it?

Question   Four ways to decide what a CHW is sent (by past use; up to more, but only once stock is down to its minimum;
           the same kit each time; only once stock is down, the shelf being told by message every few days), three lead
           times, three fill rates: which leaves CHWs without drugs, and what does that cost in deaths averted?
Design     `sahel/facility-only` against `sahel/iccm-as-delivered` in the made-up district, every combination of
           `sup.rule`, `sup.lead` and `sup.fill`, all else the same; two years from launch, the same children in all
           rows. Expected deaths averted; the health centre's own supply is the same in all.
Reading    Means over the other two, ± 2 Monte-Carlo errors of 20 seeds (readings/ has all). Which rule it is matters
           most: a CHW lacks a product of the box on 52.5 ± 2.7 % of days by past use, 40.2 ± 3.1 % by min-max (whose
           minimum has a review period in it, and so its maximum one more than that of past use: fuller shelves),
           78.2 ± 1.3 % with the same kit, 35.3 ± 2.9 % with messages. Beside past use, on the same children (so
           differences are surer than the whiskers of the figure), messages avert 1.55 ± 0.45 deaths more, min-max
           1.04 ± 0.36 more, the same kit 3.20 ± 0.69 fewer, of 4.6 ± 1.4. A lead of 28 days in place of 7 costs
           1.29 ± 0.46, a fill rate of 0.95 in place of 0.6 gains 0.56 ± 0.24; under messages -0.60 ± 0.70, no more
           than chance, for what did not come is asked for again within days. Two warnings. A kit's size is an
           assumption (`sup.kit_contacts`) and too small for the demand here: CHWs give 17,544 ± 403 doses from it,
           36,228 ± 896 by past use; a larger kit is another question. Messages have deliveries made whenever asked,
           and nothing here says what these cost.

python experiments/supply_rules.py --out FOLDER [--seeds 20] [--workers 2] [--toy] [--remake]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from iccmsim.report.experiment import (
    Words,
    at_least,
    csv_of,
    in_one_line,
    progress_bar,
    save_figure,
    show_and_keep,
    write_rows,
)
from iccmsim.report.style import ARMS, INK, MARKERS, SMALL, WORDS, new_figure, quiet, source_line
from iccmsim.studies.design import grid
from iccmsim.studies.sweep import Sweep, sweep
from iccmsim.studies.sweeping.precision import standard_error

if TYPE_CHECKING:
    import pandas as pd

COMPARED = ("sahel/facility-only", "sahel/iccm-as-delivered")
RULES = ("past use", "min-max", "same kit", "messages")
VARIED = {"sup.rule": (0, 1, 2, 3), "sup.lead": (7, 14, 28), "sup.fill": (0.6, 0.8, 0.95)}
RULE, LEAD, FILL = (f"programme.{key}" for key in VARIED)
OUTCOMES = {"percent_days_lacking": "CHW days that end with a product\nof the box out of stock, percent",
            "expected_deaths_averted": "expected deaths averted"}  # fmt: skip
RUN = {"run.days": 730, "run.tail_days": 0}
TOY = {"setting.place.people": 2000, "setting.place.zones": 1, "setting.place.villages_per_zone": 4, "run.days": 120,
       "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip


def runs_of(done: Sweep) -> pd.DataFrame:
    """One row a combination and seed: the arm with CHWs beside the other."""
    table = done.table()
    if (table.status != "done").any():
        raise ValueError(f"{(table.status != 'done').sum()} runs failed; see the column error of the table")
    return table[table.arm == COMPARED[1]].assign(percent_days_lacking=100 * table.chw_stock_out)


def combinations(runs: pd.DataFrame) -> list[dict]:
    """One row a combination: each outcome with the Monte-Carlo error of its mean."""
    return [{"rule": RULES[int(rule)], "lead_days": lead, "fill_rate": fill} | {
                f"{name}{end}": of(mine[name].to_numpy()) for name in (*OUTCOMES, "chw_doses")
                for end, of in (("", lambda values: float(values.mean())), ("_mcse", standard_error))}
            for (rule, lead, fill), mine in runs.groupby([RULE, LEAD, FILL])]  # fmt: skip


def contrasts(runs: pd.DataFrame) -> list[dict]:
    """What the reading says: means over all else, and differences on the same children; 2 Monte-Carlo errors."""
    found = []
    for name in (*OUTCOMES, "chw_doses"):
        rule, lead, fill = (runs.pivot_table(name, "seed", key) for key in (RULE, LEAD, FILL))
        by_message = runs[runs[RULE] == RULES.index("messages")].pivot_table(name, "seed", FILL)
        told = {says: rule[k] for k, says in enumerate(RULES)}
        told |= {f"{says} less {RULES[0]}": rule[k] - rule[0] for k, says in enumerate(RULES) if k}
        told |= {"lead of 28 days less 7": lead[28] - lead[7], "fill of 0.95 less 0.6": fill[0.95] - fill[0.6],
                 "fill of 0.95 less 0.6, messages": by_message[0.95] - by_message[0.6]}  # fmt: skip
        found += [{"what": f"{name}, {what}", "value": float(values.mean()),
                   "half_width": 2 * standard_error(values.to_numpy())} for what, values in told.items()]  # fmt: skip
    return found


def figure(found: list[dict], path: Path, *, seeds: list[int]) -> None:
    """A column a rule, a line a fill rate: days without drugs above, deaths averted below, against the lead time."""
    from matplotlib.lines import Line2D

    fills, leads = VARIED["sup.fill"], VARIED["sup.lead"]
    key = [Line2D([], [], color=ARMS[k], marker=MARKERS[k], ms=5, label=f"{100 * fill:.0f} % of each order delivered")
           for k, fill in enumerate(fills)]  # fmt: skip
    canvas = new_figure(
        10, 5.4, title="How CHWs are resupplied, days without drugs, and deaths averted", key=key,
        subtitle="Past use: up to a maximum at each review; min-max: to more, once stock is at its minimum; same kit: "
        "the same each time; messages: once stock is low, told every 3 days. Two years from launch, every point "
        "on the same children. Whiskers: 2 Monte-Carlo errors of the mean each way.",
        source=source_line({"seeds": seeds, "arms": [{"name": name} for name in COMPARED]}))  # fmt: skip
    panels = canvas.subplots(len(OUTCOMES), len(RULES), sharex=True, sharey="row")
    for j, rule in enumerate(RULES):
        for i, (name, says) in enumerate(OUTCOMES.items()):
            axes = panels[i, j]
            for k, fill in enumerate(fills):
                mine = [row for row in found if row["rule"] == rule and row["fill_rate"] == fill]
                x = [row["lead_days"] + 0.7 * (k - 1) for row in mine]
                errors = [2 * row[f"{name}_mcse"] for row in mine]
                axes.errorbar(x, [row[name] for row in mine], yerr=errors, color=ARMS[k], marker=MARKERS[k], ms=5)
            quiet(axes, grid="y")
            axes.axhline(0, color=INK, lw=0.8)
            axes.set_xticks(leads)
            if j == 0:
                axes.set_ylabel(says, fontsize=SMALL, color=INK)
        panels[0, j].set_title(rule, fontsize=WORDS, color=INK, loc="left", weight="bold")
        panels[-1, j].set_xlabel("lead time, days", fontsize=SMALL, color=INK, loc="left")
    save_figure(canvas, path)


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run what is not in the folder yet, or take all from it again, and write tables and figure."""
    options = Words(__doc__)
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--workers", type=at_least(1), default=2)
    options.add_argument("--toy", action="store_true", help="one small zone, some months, 2 seeds")
    options.add_argument("--remake", action="store_true", help="tables and figure again from the stored runs")
    given = options.parse_args(argv)
    if given.remake:
        done = Sweep.load(given.out / "sweep")
        if done.design.keys != (RULE, LEAD, FILL) or not done.complete:
            raise ValueError(f"{given.out / 'sweep'}: is not the whole sweep of this script; leave out --remake, or "
                             "give its folder")  # fmt: skip
    else:
        design = grid(COMPARED, VARIED, seeds=2 if given.toy else given.seeds, settings=TOY if given.toy else RUN,
                      name="supply rules")  # fmt: skip
        with progress_bar("supply rules", of="runs") as progress:
            done = sweep(design, out=given.out / "sweep", executor="here" if given.toy else "processes",
                         workers=given.workers, progress=progress)  # fmt: skip
    runs = runs_of(done)
    found, reading = combinations(runs), contrasts(runs)
    show_and_keep(csv_of(reading), lambda: write_rows(found, given.out / "supply.csv"),
                  lambda: write_rows(reading, given.out / "reading.csv"),
                  lambda: figure(found, given.out / "supply.png", seeds=list(done.design.seeds)))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
