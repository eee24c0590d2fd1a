"""Whether a comparison may be put before people who will act on it: enough pairs, a baseline that fits, honest ranges.

The rule for replicates. A brief states the net deaths averted by each programme, and by the best programme beyond each
other one. Each of these means has a 95 % confidence interval: Student's t times its Monte-Carlo error, over the pairs.
Half of that interval may be no wider than half the mean itself, or than NEGLIGIBLE of the comparator's deaths,
whichever is larger, and there must be MIN_PAIRS pairs. A mean whose interval holds 0 is stated as "no detectable
effect"; the second bound sees to it that this is then a finding, not a want of runs. Both numbers are conventions of
ours: a half-interval of 50 % settles the sign of an effect and its size to about a factor of three, and an error of
one death in 400 changes no decision that we can think of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.declare import plain
from iccmsim.parameters.reasons import NONE, Reason
from iccmsim.parameters.shocks import check_shocks
from iccmsim.results.shock_words import lopsided
from iccmsim.studies.summary import deaths_of

if TYPE_CHECKING:
    from iccmsim.parameters.declare import Parameter
    from iccmsim.parameters.files import Draft
    from iccmsim.studies.basis import Basis
    from iccmsim.studies.compare import Comparison

MIN_PAIRS = 10
NEGLIGIBLE = 0.0025  # of the comparator's deaths
HALF = 0.5  # of the mean
MOST_PROGRAMMES = 3  # beside the comparator, that two pages and a reader can hold
LONGEST_NAME = 36  # characters, without the setting
MOST_PAIRS = 100_000  # beyond which nobody is told how many are needed
LEFT_BY_THE_FIT = ("mort.background",)  # what the fit leaves of each age: judged by the targets, not by a range
OFF_AT_0 = (  # levers of which 0 is none at all: a choice, not a doubtful number
    "spv.freq", "spv.obs", "spv.report", "skill.training", "night.avail", "policy.stockout_refer",
    "policy.not_allowed_refer",
)  # fmt: skip
SHOWN = 3  # values out of range that a refusal names


@dataclass(frozen=True)
class Difference:
    """Deaths averted by one arm beyond another, pair by pair: the mean, its error, and how often it is above 0."""

    mean: float
    mcse: float
    half: float  # of the 95 % confidence interval of the mean
    above: int  # pairs in which the first arm averts more
    pairs: int

    @property
    def told(self) -> bool:
        """Whether the mean can be told from 0."""
        return abs(self.mean) > self.half

    @property
    def low(self) -> float:
        """Lower end of the confidence interval of the mean."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end of the confidence interval of the mean."""
        return self.mean + self.half


def difference(comparison: Comparison, i: int, j: int = 0) -> Difference:
    """Deaths averted by arm i beyond arm j (0: the comparator)."""
    net = comparison.pairs["saved"].sum(axis=2) - comparison.pairs["lost"].sum(axis=2)
    each = (net[:, i] - net[:, j]).astype(float)
    n = len(each)
    error = float(each.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return Difference(float(each.mean()), error, half_interval(error, n), int((each > 0).sum()), n)


def half_interval(error: float, pairs: int) -> float:
    """Half of the 95 % confidence interval of a mean over so many pairs."""
    from scipy.stats import t

    return float(t.ppf(0.975, pairs - 1)) * error if pairs > 1 else float("inf")


def best_arm(comparison: Comparison) -> int:
    """The programme that averts most deaths, of those that are known to avert any; else of all."""

    def merit(i: int) -> tuple[bool, float]:
        net = difference(comparison, i)
        return net.told and net.mean > 0, net.mean

    return max(range(1, len(comparison.names)), key=merit)


def stated(comparison: Comparison) -> Iterator[tuple[int, int, Difference]]:
    """Every difference that a brief states: each programme beside the comparator, the best beside each other one."""
    programmes, best = range(1, len(comparison.names)), best_arm(comparison)
    yield from ((i, 0, difference(comparison, i)) for i in programmes)
    yield from ((best, i, difference(comparison, best, i)) for i in programmes if i != best)


def reasons_against(comparison: Comparison, basis: Basis) -> list[str]:
    """Why no brief may be made of this comparison and what would help, a line each; none if it may."""
    many = len(comparison.names) - 1
    too_many = [f"{many} programmes: a brief holds up to {MOST_PROGRAMMES}; compare fewer at a time"]
    return [*(too_many if many > MOST_PROGRAMMES else []), *long_names(comparison.names),
            *uneven_shocks(comparison.names, basis), *missed_targets(basis.targets),
            *out_of_range(comparison.names, basis), *too_few_pairs(comparison)]  # fmt: skip


def long_names(names: tuple[str, ...]) -> list[str]:
    """Names of arms that tables and figures have no room for, as one reason."""
    long = [name for name in names if len(name.rpartition("/")[2]) > LONGEST_NAME]
    return [f"{long[0]}: a brief has room for names of {LONGEST_NAME} characters; give it a shorter one (name = ... in "
            "its file) and compare again"] if long else []  # fmt: skip


def uneven_shocks(names: tuple[str, ...], basis: Basis) -> list[str]:
    """That a shock befalls some arms only, as one reason."""
    uneven = lopsided(names, [shocks_of(arm) for arm in basis.arms])
    return [f"{uneven}: what it does would pass for an effect of the programme; give every arm the same [[shock]] and "
            "compare again"] if uneven else []  # fmt: skip


def shocks_of(arm: Draft) -> list[dict[str, Any]]:
    """The shocks of an arm, whole."""
    return [shock.told() for shock in check_shocks(arm.shocks, last_day=10**6)[0]]


def missed_targets(targets: dict[str, Any]) -> list[str]:
    """Fitted targets that the setting with health facilities only does not meet, as one reason."""
    missed = [row for row in targets["targets"] if row["role"] == "fitted" and row["inside"] is not True]
    if not missed:
        return []
    told = ", ".join(f"{row['key']} {_seen(row)}" for row in missed)
    return [f"the setting misses what it should be fitted to: {told}; use one that "
            "iccmsim check finds inside (calibration/fit_baseline.py fits those of the library; a place of your own "
            "cannot be fitted yet)"]  # fmt: skip


def _seen(row: dict[str, Any]) -> str:
    model = "not seen" if row["model"] is None else f"= {row['model']:.3g}"
    return f"{model} (known: {plain(row['low'])} to {plain(row['high'])})"


def out_of_range(names: tuple[str, ...], basis: Basis) -> list[str]:
    """Values of any arm outside the range in which we believe them, as one reason."""
    found = dict.fromkeys(fault for name, arm in zip(names, basis.arms, strict=True) for fault in faults_of(arm, name))
    if not found:
        return []
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [f"{', '.join(list(found)[:SHOWN])}{more}: outside the plausible range and without a source; give its "
            "source or grade in the comment above it, or bring it inside (iccmsim params "
            "KEY), and compare again"]  # fmt: skip


def faults_of(arm: Draft, name: str) -> Iterator[str]:
    """Each value of an arm, at launch or from a date on, outside its plausible range that no comment accounts for."""
    for each in outside_values(arm):
        if each.why.standing == NONE:
            low, high = each.of.plausible
            whose = f"{name}: " if each.of.section == "programme" else ""
            times = "times the default " if each.of.size else ""
            yield f"{whose}{each.of.key} = {plain(each.value)} ({times}{plain(low)} to {plain(high)})"


@dataclass(frozen=True)
class Outside:
    """A value outside the plausible range of its declared default, from a day on (None: from launch), and why."""

    of: Parameter
    value: Any
    day: int | None
    why: Reason


def outside_values(arm: Draft) -> Iterator[Outside]:
    """Each value of an arm that lies outside its plausible range; a lever that is switched off does not."""
    for each in all_parameters():
        if each.plausible is None or each.key in LEFT_BY_THE_FIT:
            continue
        for value, day, why in values_of(arm, each):
            if not (inside(each, value) or (value == 0 and each.key in OFF_AT_0)):
                yield Outside(each, value, day, why)


def values_of(arm: Draft, each: Parameter) -> Iterator[tuple[Any, int | None, Reason]]:
    """What an arm's files give one key: at launch (no day) and from each later day on, with the reasons."""
    section = getattr(arm, each.section)
    if each.key in section:
        yield section[each.key], None, arm.why.get(each.path, Reason())
    for change, why in zip(arm.changes, arm.change_why, strict=True):
        if each.key in change:
            yield change[each.key], change["day"], why.get(each.key, Reason())


def inside(each: Parameter, value: Any) -> bool:
    """Whether a value, or every element of a vector, lies in its plausible range."""
    pairs = zip(value, each.bounds(), strict=True) if each.size else [(value, each.bounds())]
    return all(low - 1e-9 <= number <= high + 1e-9 for number, (low, high) in pairs)


def too_few_pairs(comparison: Comparison) -> list[str]:
    """That there are too few pairs for what would be stated, and how many would do, as one reason."""
    n = len(comparison.seeds)
    if n < MIN_PAIRS:
        return [f"{n} paired run{'s' * (n > 1)}: a brief needs at least {MIN_PAIRS}; compare again with --seeds "
                f"{2 * MIN_PAIRS}"]  # fmt: skip
    deaths = float(deaths_of(comparison, 0).sum(axis=(1, 2)).mean())
    if not deaths:
        return [f"nobody dies with {comparison.names[0]}: there is nothing to avert; compare a larger place or longer"]
    wide = [(i, j, each, bound) for i, j, each in stated(comparison)
            if each.half > (bound := max(HALF * abs(each.mean), NEGLIGIBLE * deaths))]  # fmt: skip
    if not wide:
        return []
    i, j, each, _ = max(wide, key=lambda row: row[2].half / row[3])
    names = comparison.names
    needed = max(pairs_needed(each.mcse * np.sqrt(n), bound=bound) for _, _, each, bound in wide)
    return [f"{n} paired runs are too few: deaths averted by {names[i]} beyond {names[j]} are {each.mean:.1f}, known "
            f"to within {each.half:.1f} only; compare again with --seeds {needed} or so"]  # fmt: skip


def pairs_needed(sd: float, *, bound: float) -> int:
    """How many pairs (in tens) narrow half the interval to a bound, if pairs differ from each other by this sd."""
    n = MIN_PAIRS
    while n < MOST_PAIRS and half_interval(sd / np.sqrt(n), n) > bound:
        n += 10 if n < 1000 else n // 100 * 10
    return n
