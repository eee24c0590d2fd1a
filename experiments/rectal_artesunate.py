"""What does rectal artesunate add where referral is incomplete, and what would a register make believe?

Question   CHWs give rectal artesunate to feverish children whom they refer for a danger sign. Does it avert deaths in
           routine use, and what does the register show of it: do children who were given it die less often?
Design     One setting. CHWs without it, with it, with it but inert, and with it where treatment after referral is
           complete and referral is not made rarer by it. Everything else is the same, and the same children fall ill
           on the same days, so that expected malaria deaths can be set beside each other pair by pair.
Reading    `averted` is what the drug does (expected malaria deaths fewer than without it, mean and standard error over
           the pairs). `naive` is what a register shows: chance of death of children eligible for it who were given
           it, over that of those who were not. The two need not agree: the plainly severe are given it more often,
           fewer families then go on to the health centre, and no ACT is given with it.

python experiments/rectal_artesunate.py --out FOLDER [--setting sahel] [--places FOLDER] [--seeds 20] [--toy]
"""

from __future__ import annotations

import sys

import numpy as np

from iccmsim.core.records import AT_CHW, DANGER_FOUND, MALARIA, POSITIVE, RECTAL_ARTESUNATE, REFERRED, TESTED
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import Words, at_least, csv_of, in_one_line, show_and_keep, write_rows

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


def one_run(scenario, seed: int) -> np.ndarray:
    """Expected malaria deaths; then deaths and children among those eligible, given it or not."""
    total = np.zeros(5)
    for run in Simulation(scenario, seed=seed).run().runs:
        course, visit = run.course, run.zone.visit[: run.zone.n[1]]
        visit = visit[(visit["provider"] == AT_CHW) & (visit["minute"] >= run.plan.warmup * 1440)]
        both = DANGER_FOUND | REFERRED
        negative = (visit["marks"] & TESTED != 0) & (visit["marks"] & POSITIVE == 0)
        visit = visit[(visit["marks"] & both == both) & ~negative]
        lead = course[visit["course"]]
        given = (visit["given"] & 1 << RECTAL_ARTESUNATE != 0)[lead["illness"] == MALARIA]
        risk = lead["chance_death"][lead["illness"] == MALARIA]
        total += [course["chance_death"][course["illness"] == MALARIA].sum(), risk[given].sum(), given.sum(),
                  risk[~given].sum(), (~given).sum()]  # fmt: skip
    return total


def rows(found: dict[str, np.ndarray]) -> list[dict]:
    """One row an arm: deaths averted against the arm beside which it stands, and the naive ratio."""
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
    found = {}
    for name, more in ARMS.items():
        changed = {**(TOY if given.toy else {}), **more}
        arm = load_scenario(f"{given.setting}/iccm-as-delivered", overrides=changed, places=given.places)
        found[name] = np.array([one_run(arm, seed) for seed in range(1, 1 + (3 if given.toy else given.seeds))])
    made = rows(found)
    show_and_keep(csv_of(made), lambda: write_rows(made, given.out / "rectal_artesunate.csv"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
