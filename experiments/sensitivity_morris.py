"""Which groups of numbers in doubt does the default comparison hang on? A first look, over all groups.

Question   `sahel/iccm-as-delivered` averts some deaths beside `sahel/facility-only`. Some 250 numbers behind that are
           in doubt. Which groups of them (drug effects, care-seeking, skill, supply ...) could change the answer?
Design     Morris' method: from random points of the whole space of doubt, one group after another jumps by two thirds
           of its range; the mean absolute change of expected deaths averted is the group's effect. Two zones of the
           made-up district for two years, two seeds a row, the same children throughout; three master seeds. What the
           baseline's fit solves for does not vary; each row's case fatality is fitted anew (anchored).
Reading    Effects are in expected deaths averted, from one end of a group's doubt to the other as on a straight line
           (chance included: the change that a jump makes, and half as much again); the rows themselves give 1.31 on
           average (-0.82 to 4.98 in 95 % of them). CHW workforce 1.69 ± 0.27 and care-seeking 1.64 ± 0.21 come first:
           whether CHWs have the hours, and are there, and how often and where families go. Then come, too close to be
           ranked, speed of illness 1.33 ± 0.18, health facilities 1.15 ± 0.18, illness burden 1.13 ± 0.19 and people
           1.10 ± 0.16; home visits 0 ± 0, for none of their levers is on. The three master seeds share 3 of the first
           five: CHW workforce, care-seeking and speed of illness, the other places being taken in turn. Chance makes 27
           % of the variance of a row's mean, and every effect larger; that of `people`, who are other children each
           time, is mostly this. 255 parameters vary; 3,006 of 3,186 rows were analysed, 30 could not be anchored, and
           111 blocks of rows set aside unrun (readings/ has all).

python experiments/sensitivity_morris.py --out FOLDER [--n 96] [--masters 3] [--seeds 2] [--toy] [--remake]
"""

from __future__ import annotations

import sys

from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import Words, at_least, in_one_line, progress_bar, show_and_keep, write_rows
from iccmsim.report.sensitivity import findings_text, reading_of, write_findings
from iccmsim.studies.sensitivity import Asked, Sensitivity, sensitivity

ARMS = ("sahel/facility-only", "sahel/iccm-as-delivered")
PLACE = {"setting.place.people": 15_000, "setting.place.zones": 2, "run.days": 730, "run.tail_days": 0}
TOY = {"setting.place.people": 2000, "setting.place.zones": 1, "setting.place.villages_per_zone": 4, "run.days": 120,
       "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
TOY_GROUPS = ("CHW supply", "CHW workforce")


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run, or read again, and write findings, tables and figures."""
    options = Words(__doc__)
    options.add_argument("--n", type=at_least(2), default=96, help="trajectories of each master seed")
    options.add_argument("--masters", type=at_least(1), default=3)
    options.add_argument("--seeds", type=at_least(1), default=2)
    options.add_argument("--workers", type=at_least(1))
    options.add_argument("--toy", action="store_true", help="two groups in one small zone, some months")
    options.add_argument("--remake", action="store_true", help="tables and figures again from what is stored")
    given = options.parse_args(argv)
    if given.remake:
        done = Sensitivity.load(given.out)
        if done.asked.method != "morris":
            raise ValueError(f"{given.out}: holds an analysis by {done.asked.method}; give the folder of this script")
    else:
        arms = [load_scenario(name, overrides=TOY if given.toy else PLACE) for name in ARMS]
        asked = Asked("morris", n=3 if given.toy else given.n, seeds=given.seeds,
                      masters=2 if given.toy else given.masters, keys=TOY_GROUPS if given.toy else ())  # fmt: skip
        with progress_bar("Morris") as progress:
            done = sensitivity(arms, asked, out=given.out, workers=1 if given.toy else given.workers, progress=progress)
    found = done.findings()
    show_and_keep(findings_text(found) + "\n", lambda: write_findings(found, given.out),
                  lambda: write_rows(reading_of(found), given.out / "reading.csv"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
