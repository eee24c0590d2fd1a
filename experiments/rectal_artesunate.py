"""What does rectal artesunate add where referral is incomplete, and what would a register make believe?

Question   CHWs give rectal artesunate to feverish children whom they refer for a danger sign. Does it avert deaths in
           routine use, and what does the register show of it: do children who were given it die less often?
Design     One setting. CHWs without it, with it, with it but inert, and with it where treatment after referral is
           complete and referral is not made rarer by it. Everything else is the same, and the same children fall ill
           on the same days, so that expected malaria deaths can be set beside each other pair by pair. Deaths and
           visits are those of the window; the warm-up before it and the tail after it count nowhere.
Reading    `averted` is what the drug does (expected malaria deaths fewer than without it, mean and standard error over
           the pairs). `naive_ratio` is what a register shows: chance of death of children eligible for it who were
           given it, over that of those who were not. The two need not agree: the plainly severe are given it more
           often, fewer families then go on to the health centre, and no ACT is given with it.

python experiments/rectal_artesunate.py --out FOLDER [--setting sahel] [--places FOLDER] [--seeds 20] [--toy]
"""

from __future__ import annotations

import sys

import numpy as np

from iccmsim.core.records import (
    AT_CHW,
    DANGER_FOUND,
    MALARIA,
    MINUTES,
    POSITIVE,
    RECTAL_ARTESUNATE,
    REFERRED,
    TESTED,
)
from iccmsim.engine.simulation import Simulation
from iccmsim.engine.tally import tally_zone
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import Words, at_least, csv_of, in_one_line, show_and_keep, toy_of, write_rows
from iccmsim.results.mortality import WINDOW
from iccmsim.world.zone import VISITS

ARMS = {
    "without": {},
    "with": {"policy.ras": 1},
    "with, inert": {"policy.ras": 1, "tx.ras": 0},
    "with, and all that follows": {"policy.ras": 1, "ref.ras_or": 1, "fac.full": 1, "tx.ras.unfollowed": 1},
    "without, and all that follows": {"fac.full": 1},
}
BESIDE = {"with, and all that follows": "without, and all that follows"}  # else beside the first
TOY = {"setting.place.people": 12_000, "setting.place.zones": 2, "setting.place.villages_per_zone": 5,
       "run.days": 365, "run.warmup_days": 60, "run.tail_days": 0, "sev.mal.untreated": .1,
       "chw.min_km": 0}  # fmt: skip


def counted(simulation: Simulation) -> np.ndarray:
    """Of the window: expected malaria deaths; then deaths and children among those eligible, given it or not."""
    total = np.zeros(5)
    for run in simulation.runs:
        visit, (first, after) = run.zone.visit[: run.zone.n[VISITS]], run.plan.window
        day = visit["minute"] // MINUTES
        visit = visit[(visit["provider"] == AT_CHW) & (day >= first) & (day < after)]
        both = DANGER_FOUND | REFERRED
        negative = (visit["marks"] & TESTED != 0) & (visit["marks"] & POSITIVE == 0)
        visit = visit[(visit["marks"] & both == both) & ~negative]
        lead = run.course[visit["course"]]
        given = (visit["given"] & 1 << RECTAL_ARTESUNATE != 0)[lead["illness"] == MALARIA]
        risk = lead["chance_death"][lead["illness"] == MALARIA]
        total += [tally_zone(run)["expected"][0, WINDOW, MALARIA].sum(), risk[given].sum(), given.sum(),
                  risk[~given].sum(), (~given).sum()]  # fmt: skip
    return total


def rows(found: dict[str, np.ndarray]) -> list[dict]:
    """One row an arm: deaths averted against the arm beside which it stands, and what a register shows."""
    out = []
    for name, runs in found.items():
        averted = found[BESIDE.get(name, "without")][:, 0] - runs[:, 0]
        _, dead, given, dead_not, not_given = runs.sum(axis=0)
        naive = (dead / given) / (dead_not / not_given) if given and dead_not else float("nan")
        out.append({"arm": name, "malaria_deaths": runs[:, 0].mean(), "averted": averted.mean(),
                    "se": averted.std(ddof=1) / np.sqrt(len(averted)), "given": given / len(runs),
                    "eligible_not_given": not_given / len(runs), "naive_ratio": naive})  # fmt: skip
    return out


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run all arms on the same seeds and write the table."""
    options = Words(__doc__)
    options.add_argument("--setting", default="sahel")
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a few seconds: two small zones, one year, 3 seeds")
    given = options.parse_args(argv)
    size = toy_of(given.setting, TOY, places=given.places) if given.toy else {}
    seeds, found = range(1, 1 + (3 if given.toy else given.seeds)), {}
    for name, more in ARMS.items():
        arm = load_scenario(f"{given.setting}/iccm-as-delivered", overrides={**size, **more}, places=given.places)
        found[name] = np.array([counted(Simulation(arm, seed=seed).run()) for seed in seeds])
    made = rows(found)
    show_and_keep(csv_of(made), lambda: write_rows(made, given.out / "rectal_artesunate.csv"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
