"""Step 2 of the fit: how often families seek care, and where, against surveys or against registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import lsq_linear

if TYPE_CHECKING:
    from fit_baseline import Fit

    Look = Callable[[Fit], dict[str, float]]  # what surveys and registers say of the present values

CARE = ("seek.a_informal", "seek.a_facility", "seek.hh_sd")
SURVEYED = ("any_care", "informal_share", "formal_by_next_day")
REGISTERED = ("facility_visits", "informal_share")  # with seek.hh_sd as declared
FORMAL = ("formal_care", "informal_share")  # the same, where a survey tells of formal care alone
HH_SD = (1.2, 2.6)  # the plausible range of seek.hh_sd; the two others are free
STEP = (0.4, 0.4, -0.3)
LOW_K = (0.0, 0.0, 0.0, -0.45, -1.5)  # the end of the plausible range of seek.k that keeps mild illness at home
LEAN = 0.8  # how far, from the centre of its interval to the edge, a survey target gives way to the registers


def logit(x: float) -> float:
    """Log-odds."""
    return float(np.log(x / (1.0 - x)))


def distance(target: dict, seen: float, aim: float) -> float:
    """How far an indicator is from its aim in half-widths of its interval: logits of shares, logarithms of rates."""
    scale = logit if target["unit"] == "share" else np.log
    half = (scale(float(target["high"])) - scale(float(target["low"]))) / 2
    return float((scale(seen) - scale(aim)) / half)


def solve_care(fit: Fit, care_seen: Look, aims: dict[str, float], *, rounds: int,
               slopes: np.ndarray | None) -> tuple[dict, np.ndarray]:  # fmt: skip
    """Step 2: as many numbers as aims, by Gauss-Newton with Broyden's update; keyed draws are smooth."""
    keys = CARE[: len(aims)]
    x = np.array([fit.values[key] for key in keys], float)

    def look(at: np.ndarray) -> tuple[dict, np.ndarray]:
        fit.values.update({key: round(float(v), 3) for key, v in zip(keys, at, strict=True)})
        seen = care_seen(fit)
        fit.say("  ".join([f"{k} {fit.values[k]:.3f}" for k in keys] + [f"{n} {seen[n]:.3f}" for n in aims]))
        return seen, np.array([distance(fit.targets[name], seen[name], aim) for name, aim in aims.items()])

    seen, r = look(x)
    if slopes is None:
        slopes = np.array([(look(x + step)[1] - r) / step.sum() for step in np.diag(STEP[: len(aims)])]).T
    best = (float(r @ r), x, seen)
    for _ in range(rounds):
        low, high = np.full(len(x), -1.0), np.full(len(x), 1.0)
        if len(x) == 3:
            low[2], high[2] = max(-0.6, HH_SD[0] - x[2] - 1e-9), min(0.6, HH_SD[1] - x[2] + 1e-9)
        move = lsq_linear(slopes, -r, bounds=(low, np.maximum(high, low + 1e-9))).x
        if np.abs(move).max() < 0.01:
            break
        x = x + move
        seen, after = look(x)
        slopes = slopes + np.outer(after - r - slopes @ move, move) / (move @ move)
        r = after
        best = min(best, (float(r @ r), x, seen), key=lambda each: each[0])
        if best[0] < 0.01:
            break
    fit.values.update({key: round(float(v), 3) for key, v in zip(keys, best[1], strict=True)})
    return best[2], slopes


def fit_registers(fit: Fit, care_seen: Look) -> dict[str, float]:
    """Step 2 for those who trust registers: facility visits and the informal half; surveys then find what they find."""
    seen, _ = solve_care(fit, care_seen, {name: fit.target(name) for name in REGISTERED}, rounds=8, slopes=None)
    text = ", ".join(f"{name} {seen[name]:.3f}" for name in (*SURVEYED, "facility_visits"))
    fit.notes.append(f"fitted to registers, not to what families tell surveys: {text}")
    fit.say(fit.notes[-1])
    return seen


def fit_formal(fit: Fit, care_seen: Look) -> dict[str, float]:
    """Step 2 where no more is known than how many ill children were taken to a qualified provider."""
    seen, _ = solve_care(fit, care_seen, {name: fit.target(name) for name in FORMAL}, rounds=8, slopes=None)
    text = ", ".join(f"{name} {seen[name]:.3f}" for name in (*FORMAL, "any_care", "formal_by_next_day"))
    fit.notes.append(f"{text}, facility visits {seen['facility_visits']:.2f} a child-year; seek.hh_sd and seek.k as "
                     "declared")  # fmt: skip
    fit.say(fit.notes[-1])
    return seen


def fit_surveys(fit: Fit, care_seen: Look) -> dict[str, float]:
    """Step 2, with a look at the facility's register: if that is far too full, lean to the edges of the intervals."""
    seen, slopes = solve_care(fit, care_seen, {name: fit.target(name) for name in SURVEYED}, rounds=5, slopes=None)
    most = float(fit.targets["facility_visits"]["high"])
    text = ", ".join(f"{name} {seen[name]:.3f}" for name in SURVEYED)
    at = ", ".join(f"{key} {fit.values[key]}" for key in CARE)
    fit.notes.append(f"at the centre of the survey intervals ({at}): {text}, "
                     f"facility visits {seen['facility_visits']:.2f} a child-year")  # fmt: skip
    fit.say(fit.notes[-1])
    if seen["facility_visits"] <= most:
        return seen
    fit.values["seek.k"] = list(LOW_K)
    ends = {"any_care": "low", "informal_share": "high", "formal_by_next_day": "low"}
    aims = {n: (1 - LEAN) * fit.target(n) + LEAN * float(fit.targets[n][end]) for n, end in ends.items()}
    seen, _ = solve_care(fit, care_seen, aims, rounds=5, slopes=slopes)
    fit.notes.append(f"facility visits above {most}: seek.k to the end of its range and {LEAN:.0%} of the way to the "
                     f"edges of the survey intervals; now {seen['facility_visits']:.2f} a child-year")  # fmt: skip
    fit.say(fit.notes[-1])
    return seen
