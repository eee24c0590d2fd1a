"""What do shocks do to a CHW programme, and what protects it?

Question   Fighting, a flood, an epidemic, a surge of malaria, a strike, a recall, a break of the pipeline, a gap of
           funding: how deep does care fall, how many children die of it, how long until care is as before? And does the
           lever that is said to protect make it shallower, shorter or less deadly?
Design     `iccm-as-delivered`, with and without each shock of the library, with and without one protective lever each;
           all arms on the same children (a surge makes more malaria, so its arms have children of their own). The shock
           comes on 1 July of the first year, before the peak of malaria, in all zones; three years in all.
Reading    Deaths first, with twice their Monte-Carlo error: where that is larger than the number, the model cannot tell
           the shock from nothing. Depth is the share of usual care that is lost in the worst four weeks that begin on
           the shock's first day or later. Recovery counts from the end of the shock to the first day from which care is
           95 % of usual over four weeks, and over the four weeks from each of the next 28 days; what is lost in the
           worst four weeks after the shock stands beside it, for care may fall again later. Where care is lost: how
           many fewer children CHWs and health centres treat from the shock's first day to the end (below 0: more). A
           lever protects only where the shock adds fewer deaths with it, each beside its own arm without a shock.

python experiments/shocks.py --out FOLDER [--setting sahel] [--places FOLDER] [--seeds 20] [--toy] [--remake]
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from iccmsim.core.records import AT_CHW, AT_FACILITY
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.parameters.shocks import shock_kinds
from iccmsim.report.experiment import (
    Words,
    at_least,
    in_one_line,
    save_figure,
    show_and_keep,
    toy_of,
    whole_or_nothing,
    write_rows,
)
from iccmsim.report.style import ARMS, INK
from iccmsim.studies.aftermath import (
    Lived,
    days_to_recover,
    depth,
    extra_deaths,
    fewer_treated,
    live,
    share_of_usual,
)

FROM = 181  # days after launch: 1 July
KEPT = ("treated_at", "deaths")  # of each arm
STEP = 5  # days of a step of the figure; all shocks last a multiple of it, so that no step is half of a shock
PROTECTED = {  # levers said to protect, at the strong end of what is plausible (docs/levers.md)
    "conflict": ("a month more of stock", {"sup.buffer": 60}),
    "covid": ("rounds from door to door", {"outreach.minutes_day": 120}),
    "ebola": ("rounds from door to door", {"outreach.minutes_day": 120}),
    "flood": ("a month more of stock", {"sup.buffer": 60}),
    "funding-cliff": ("a month more of stock", {"sup.buffer": 60}),
    "malaria-surge": ("a month more of stock", {"sup.buffer": 60}),
    "pipeline-break": ("a month more of stock", {"sup.buffer": 60}),
    "recall": ("more referral when a drug is out", {"policy.stockout_refer": 0.8}),
    "strike": ("nearly twice the hours of CHWs", {"chw.minutes_day": 110}),
}
TOY = {"setting.place.people": 6000, "setting.place.zones": 2, "setting.place.villages_per_zone": 4,
       "run.warmup_days": 60, "run.days": 420}  # fmt: skip


def arms(setting: str, *, places: str | None, toy: bool) -> dict[tuple[str, str], Scenario]:
    """Scenarios by (shock or "none", lever or "none"); the usual arm of a surge is without it."""
    more = {"run.days": 1095, "run.tail_days": 0, **(toy_of(setting, TOY, places=places) if toy else {})}
    made = {}
    for kind, (_, lever) in PROTECTED.items():
        for name, levers in (("none", {}), (str(lever), lever)):
            for shock in ("none", kind):
                befalls = [{"kind": kind, "day": FROM}] if shock != "none" else []
                made[shock, name] = load_scenario(f"{setting}/iccm-as-delivered", overrides={**more, **levers},
                                                  places=places, shocks=befalls)  # fmt: skip
    return made


def rows(lived: dict[tuple[str, str], Lived]) -> list[dict]:
    """Two rows a shock: as it is, and with the lever that is said to protect."""
    found = []
    for kind, (says, lever) in PROTECTED.items():
        ends = FROM + shock_kinds()[kind]["days"]
        for words, name in (("as delivered", "none"), (says, str(lever))):
            shaken, usual = lived[kind, name], lived["none", name]
            share, deaths = share_of_usual(shaken, usual), extra_deaths(shaken, usual)
            at_chws, at_centres = (fewer_treated(shaken, usual, place, FROM) for place in (AT_CHW, AT_FACILITY))
            found.append({
                "shock": kind, "with": words, "most_of_care_lost": depth(share, FROM),
                "days_to_recover": days_to_recover(share, ends), "most_lost_afterwards": depth(share, ends),
                "extra_deaths": deaths["mean"], "error": deaths["mcse"],
                "deaths_without_shock": float(usual.deaths.mean()),
                "fewer_by_chws": at_chws["mean"], "fewer_by_chws_error": at_chws["mcse"],
                "fewer_at_centres": at_centres["mean"], "fewer_at_centres_error": at_centres["mcse"],
            })  # fmt: skip
    return found


def figure(found: list[dict], lived: dict[tuple[str, str], Lived], path: Path) -> None:
    """Small panels: care as a share of usual care, through each shock, as delivered and with the lever."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    canvas = Figure(figsize=(10, 8), layout="constrained")
    panels = canvas.subplots(3, 3, sharex=True, sharey=True)
    for axes, (kind, (says, lever)) in zip(panels.flat, PROTECTED.items(), strict=True):
        days = shock_kinds()[kind]["days"]
        axes.axvspan(0, days, color="#e8e8e8", lw=0)
        axes.axhline(1, color=INK, lw=0.6)
        for name, words, colour, style in (("none", "as delivered", ARMS[1], "-"), (str(lever), says, ARMS[2], "--")):
            share = share_of_usual(lived[kind, name], lived["none", name], days=STEP)[FROM % STEP :: STEP]
            since = STEP * (np.arange(len(share) + 1) - FROM // STEP)
            axes.stairs(share, since, baseline=None, color=colour, lw=1.3, ls=style, label=words)
        rows_of = [row for row in found if row["shock"] == kind]
        said = " / ".join(f"{row['extra_deaths']:+.1f} ± {2 * row['error']:.1f}" for row in rows_of)
        name = kind.replace("-", " ").capitalize().replace("Covid", "COVID")
        axes.set_title(f"{name}\nadds deaths: {said}", fontsize=9, loc="left")
        axes.legend(fontsize=7.5, frameon=False, loc="lower right")
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    panels[0, 0].set_xlim(-60, min(545, since[-1]))
    canvas.supxlabel("days since the shock began (grey: while it lasts)", fontsize=10)
    canvas.supylabel("children treated, of usual (in each five days)", fontsize=10)
    canvas.suptitle("Care through a shock, and the deaths that it adds: as delivered / with the lever", fontsize=11)
    save_figure(canvas, path)


def in_days(days: float) -> str:
    """How long care took to come back, in words."""
    return f"{days:>4.0f} days to recover" if np.isfinite(days) else "not recovered within the run"


def store(lived: dict[tuple[str, str], Lived], path: Path) -> None:
    """Keep what was lived, so that table and figure can be made again."""
    import io

    kept = io.BytesIO()
    arrays = {f"{shock}|{lever}|{part}": getattr(each, part)
              for (shock, lever), each in lived.items() for part in KEPT}  # fmt: skip
    np.savez_compressed(kept, **arrays)
    whole_or_nothing(path, kept.getvalue())


def stored(path: Path) -> dict[tuple[str, str], Lived]:
    """Read back what `store` kept."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; leave out --remake, or give the folder of this script")
    try:
        with np.load(path) as kept:
            names = {tuple(key.split("|")[:2]) for key in kept}
            found = {(shock, lever): Lived(*(kept[f"{shock}|{lever}|{part}"] for part in KEPT))
                     for shock, lever in names}  # fmt: skip
    except (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile, zlib.error):
        raise ValueError(f"{path}: cannot be read; run it again, without --remake") from None
    if not {shock for shock, _ in found} >= {"none", *PROTECTED}:
        raise ValueError(f"{path}: has not all shocks of this script; run it again, without --remake")
    return found


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run all arms, or take them from the folder again, and print the table."""
    options = Words(__doc__)
    options.add_argument("--setting", default="sahel")
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a small place, 420 days, 2 seeds")
    options.add_argument("--remake", action="store_true", help="again from the stored results")
    given = options.parse_args(argv)
    keep = []
    if given.remake:
        lived = stored(given.out / "lived.npz")
    else:
        made = arms(given.setting, places=given.places, toy=given.toy)
        seeds = range(1, 1 + (2 if given.toy else given.seeds))
        lived = dict(zip(made, live(list(made.values()), seeds=seeds), strict=True))
        keep = [lambda: store(lived, given.out / "lived.npz")]
    found = rows(lived)
    said = (f"{row['shock']:<15}{row['with']:<34}{100 * row['most_of_care_lost']:>4.0f} % of care lost at worst, "
            f"{in_days(row['days_to_recover'])}, {row['extra_deaths']:+6.1f} deaths (MC error {row['error']:.1f})\n"
            for row in found)  # fmt: skip
    show_and_keep("".join(said), *keep, lambda: write_rows(found, given.out / "shocks.csv"),
                  lambda: figure(found, lived, given.out / "shocks.png"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
