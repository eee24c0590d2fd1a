"""A number with its interval and its error: Q = {"mean", "low", "high", "mcse"}, None where nothing can be said.

Low and high are percentiles over paired replicates: what one district may see by chance. Those of few replicates lie
too close together (`share_held`). mcse is the standard error of the mean, which more replicates make smaller.
"""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
Q = dict[str, float | None]
NOTHING: Q = {"mean": None, "low": None, "high": None, "mcse": None}


def number(value: float) -> float | None:
    """A float that JSON can hold, None if there is none."""
    return float(value) if np.isfinite(value) else None


def share_held(replicates: int) -> float:
    """The share of further districts that fall between low and high of so many replicates, on average.

    Of n numbers in order, one more of the same kind falls between any two neighbours with a chance of 1/(n + 1), and
    between low and high lie LEVEL (n - 1) such gaps. Exact where the numbers are spread evenly, else near.
    """
    return LEVEL * (replicates - 1) / (replicates + 1)


def estimate(values: np.ndarray) -> Q:
    """Mean over replicates, percentiles, and standard error; interval and error need two replicates."""
    values = np.asarray(values, float)
    return _with_spread(float(values.mean()), values, error=_standard_error(values))


def ratio(above: np.ndarray, below: np.ndarray, *, times: float = 1.0) -> Q:
    """A ratio of sums over replicates; percentiles of the replicates' own ratios; error by the jackknife."""
    above, below = np.asarray(above, float), np.asarray(below, float)
    if not below.sum() > 0:
        return dict(NOTHING)
    mean = times * above.sum() / below.sum()
    each = times * np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return _with_spread(mean, each, error=_jackknife(above, below) * times)


def percent_less(before: np.ndarray, after: np.ndarray) -> Q:
    """By how many percent the second is less than the first: 1 - ratio of sums over replicates."""
    before, after = np.asarray(before, float), np.asarray(after, float)
    return ratio(before - after, before, times=100.0)


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _jackknife(above: np.ndarray, below: np.ndarray) -> float:
    n = len(above)
    rest = below.sum() - below
    if n < 2 or not (rest > 0).all():
        return float("nan")
    left_out = (above.sum() - above) / rest
    return float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))


def _with_spread(mean: float, values: np.ndarray, *, error: float) -> Q:
    tail = 50.0 * (1.0 - LEVEL)
    enough = len(values) > 1 and bool(np.isfinite(values).all())
    low, high = np.percentile(values, [tail, 100.0 - tail]) if enough else (float("nan"), float("nan"))
    return {"mean": number(mean), "low": number(low), "high": number(high), "mcse": number(error)}
