"""How much of our doubt about deaths averted goes with each group of numbers, alone and together with others?

Question   Of the variance of expected deaths averted (`sahel/iccm-as-delivered` beside `sahel/facility-only`) that
           comes of all that is in doubt: how much goes with each group of parameters?
Design     Sobol' indices. The groups that Morris' method found to matter most are told apart, all others are one group,
           so that everything in doubt varies. S1 is what a group does alone, ST with all its interactions. One zone for
           two years, four seeds a row, the same children throughout; every point of all other groups is lived with the
           same ten draws of CHW workforce, the group of the largest ST, whose levers need no people, warm-up or
           anchoring of their own; three master seeds, each with its own rows and children. Samples are doubled until
           every ST above .1 is known to within .05, or --most is reached. What the baseline's fit solves for does not
           vary; each row's case fatality is fitted anew (anchored).
Reading    CHW workforce 0.54 ± 0.03 (ST; alone S1 0.32 ± 0.03) makes most of the variance, and single parameters say
           why: with `chw.minutes_day` (0.50 in its lowest fifth, 1.56 in its highest) CHWs avert few deaths or three
           times as many. Then come what families do for whom there is no turn, `seek.second` (0.78 in its lowest fifth,
           1.26 in its highest) and `chw.patience` (1.34 in its lowest fifth, 0.88 in its highest), `chw.minutes` (1.23
           in its lowest fifth, 0.84 in its highest), and how fast pneumonia worsens and amoxicillin works,
           `time.pneu.severe` (0.84 in its lowest fifth, 1.28 in its highest) and `tx.lag.amox` (1.26 in its lowest
           fifth, 0.82 in its highest); `chw.absent` and `chw.catch` show little, and nothing else shows alone. The rows
           give 1.02 on average (-0.31 to 2.93 in 95 % of them). All other ST hold much chance, which makes 29 % of the
           variance of a row's mean: all others 0.39 ± 0.05, care-seeking 0.34 ± 0.05, speed of illness 0.30 ± 0.04,
           illness burden 0.26 ± 0.03, health facilities 0.18 ± 0.03, signs and tests 0.11 ± 0.01. Chance taken off, CHW
           workforce 0.58 ± 0.05 (no chance), care-seeking 0.26 ± 0.06 (no chance), all others 0.18 ± 0.07 (no chance),
           speed of illness 0.13 ± 0.05 (no chance) and health facilities 0.06 ± 0.04 (no chance) are left. 1 group
           above .1 is not known to within .05. The three master seeds share 5 of the first five, `all others` being
           one. 255 parameters vary; 33,800 of 34,500 rows were analysed, 170 could not be anchored, and 39 blocks of
           rows set aside unrun (readings/ has all). What both programmes leave off, as triage by CHWs (`chw.triage`) or
           families that go elsewhere before they wait (`chw.elsewhere`), does not vary.

python experiments/sensitivity_sobol.py --out FOLDER [--n 64] [--most 128] [--masters 3] [--seeds 4] [--draws 10]
    [--toy] [--remake]
"""

from __future__ import annotations

import sys

from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import Words, at_least, in_one_line, progress_bar, show_and_keep, write_rows
from iccmsim.report.sensitivity import findings_text, reading_of, write_findings
from iccmsim.studies.sensitivity import Asked, Sensitivity, sensitivity

ARMS = ("sahel/facility-only", "sahel/iccm-as-delivered")
PLACE = {"setting.place.people": 7500, "setting.place.zones": 1, "run.days": 730, "run.tail_days": 0}
TOY = {"setting.place.people": 2000, "setting.place.zones": 1, "setting.place.villages_per_zone": 4, "run.days": 120,
       "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
INNER = "CHW workforce"
APART = (INNER, "illness burden", "care-seeking", "health facilities", "speed of illness",
         "shops and home care", "signs and tests", "effects of drugs")  # fmt: skip
TOY_GROUPS = ("CHW supply", "CHW workforce")


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run, or read again, and write findings, tables and figures."""
    options = Words(__doc__)
    options.add_argument("--n", type=at_least(2), default=64, help="base samples of each master seed, a power of 2")
    options.add_argument("--most", type=at_least(2), default=128)
    options.add_argument("--masters", type=at_least(1), default=3)
    options.add_argument("--seeds", type=at_least(1), default=4)
    options.add_argument("--draws", type=at_least(2), default=10, help=f"of {INNER} at each point of all other groups")
    options.add_argument("--workers", type=at_least(1))
    options.add_argument("--toy", action="store_true", help="two groups in one small zone, some months")
    options.add_argument("--remake", action="store_true", help="tables and figures again from what is stored")
    given = options.parse_args(argv)
    if given.remake:
        done = Sensitivity.load(given.out)
        if done.asked.method != "sobol":
            raise ValueError(f"{given.out}: holds an analysis by {done.asked.method}; give the folder of this script")
    else:
        arms = [load_scenario(name, overrides=TOY if given.toy else PLACE) for name in ARMS]
        asked = Asked("sobol", n=given.n, seeds=given.seeds, masters=given.masters, apart=APART, most=given.most,
                      inner=INNER, draws=given.draws)  # fmt: skip
        if given.toy:
            asked = Asked("sobol", n=4, seeds=2, masters=2, keys=TOY_GROUPS, second_order=True)
        with progress_bar("Sobol'") as progress:
            done = sensitivity(arms, asked, out=given.out, workers=1 if given.toy else given.workers, progress=progress)
    found = done.findings()
    show_and_keep(findings_text(found) + "\n", lambda: write_findings(found, given.out),
                  lambda: write_rows(reading_of(found), given.out / "reading.csv"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
