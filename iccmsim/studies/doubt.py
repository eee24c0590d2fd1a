"""The doubt about a number as a distribution: shares between 0 and 1 become values of a parameter.

The distribution is the declared one, cut off at the plausible low and high, or, with `tails`, only where the program
would refuse the value. The plausible range holds nine tenths of it or more, but for a few that docs/sensitivity.md
names. A uniform doubt about a whole number holds each of them to be as likely. The numbers of a vector have one doubt
in common: its values are factors on the whole vector.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from iccmsim.parameters.declare import Parameter, plain

SPELT = re.compile(r"(\w+)\((.+)\)")


def distribution_of(each: Parameter) -> Any:
    """The declared distribution as one of scipy's; a ValueError if the value is not in doubt."""
    from scipy import stats

    spelt = SPELT.fullmatch(each.distribution)
    if spelt is None or each.plausible is None:
        why = f" ({each.note})" if each.note else ""
        raise ValueError(f"{each.path}: is not in doubt, so that nothing can be drawn{why}; give it a range of its own")
    kind, numbers = spelt[1], [float(part) for part in spelt[2].split(",")]
    if kind == "Tri":
        low, mode, high = numbers
        return stats.triang((mode - low) / (high - low), low, high - low)
    first, second = numbers
    made = {
        "U": lambda: stats.uniform(first, second - first), "LogU": lambda: stats.loguniform(first, second),
        "N": lambda: stats.norm(first, second), "LogN": lambda: stats.lognorm(second, scale=first),
        "Beta": lambda: stats.beta(first, second), "Gamma": lambda: stats.gamma(first, scale=second),
    }  # fmt: skip
    return made[kind]()


def values_at(each: Parameter, shares: np.ndarray, *, span: tuple[float, float] | None = None,
              tails: bool = False) -> np.ndarray:  # fmt: skip
    """The values (of a vector: factors) below which these shares of the doubt lie; a `span` is uniform instead."""
    if span is not None or each.distribution.startswith("U("):
        return _evenly(each, np.asarray(shares, float), *(span or each.plausible))
    doubt = distribution_of(each)
    ends = each.allowed if tails and not each.size else each.plausible
    first, last = doubt.cdf(ends[0]), doubt.cdf(ends[1])
    return _whole(each, np.clip(doubt.ppf(first + np.asarray(shares, float) * (last - first)), *ends))


def _evenly(each: Parameter, shares: np.ndarray, low: float, high: float) -> np.ndarray:
    if not each.integer:
        return np.clip(low + shares * (high - low), low, high)
    first, last = math.ceil(low), math.floor(high)
    if first > last:
        raise ValueError(f"{each.path}: must be a whole number, and none lies between {plain(low)} and {plain(high)}")
    return np.clip(np.floor(first + shares * (last - first + 1)), first, last)


def _whole(each: Parameter, values: np.ndarray) -> np.ndarray:
    return np.floor(values + 0.5) if each.integer else values
