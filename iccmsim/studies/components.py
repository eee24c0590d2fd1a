"""Which component of iCCM to strengthen next: each raised by one level, alone and in pairs, on the same children.

Deaths averted by raising a set of components are a game whose players are the components. Alone and in pairs say how
much each brings and what two bring together beyond that (synergy); the Shapley split shares the value of raising all,
with terms of three components and more shared equally, and says how large those are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from iccmsim.parameters.maturity import COMPONENTS, LEVELS, name_of_profile
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.results.mortality import WINDOW
from iccmsim.studies.compare import Comparison, compare
from iccmsim.studies.estimate import Q, estimate


@dataclass(frozen=True, eq=False)
class Steps:
    """Raising components from a profile: the arms, and deaths averted by each, seed by seed."""

    profile: Mapping[str, int]
    raised: tuple[frozenset[str], ...]  # of each arm; the first is nobody
    averted: np.ndarray  # expected deaths averted, seeds x arms

    def of(self, *names: str) -> np.ndarray:
        """Deaths averted, seed by seed, by raising these components together."""
        return self.averted[:, self.raised.index(frozenset(names))]

    def alone(self) -> dict[str, Q]:
        """What each component brings if it alone is raised; the most first."""
        found = {name: estimate(self.of(name)) for name in self.able()}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]["mean"]))

    def together(self) -> dict[tuple[str, str], Q]:
        """What two components bring together beyond the sum of both alone; the largest in size first."""
        found = {(a, b): estimate(self.of(a, b) - self.of(a) - self.of(b)) for a, b in combinations(self.able(), 2)}
        return dict(sorted(found.items(), key=lambda pair: -abs(pair[1]["mean"])))

    def shares(self) -> dict[str, Q]:
        """The Shapley split of raising all: alone, half of each synergy, an equal share of what is left."""
        names = self.able()
        rest = self.left_over() / len(names)
        found = {}
        for name in names:
            others = [other for other in names if other != name]
            synergies = sum(self.of(name, other) - self.of(name) - self.of(other) for other in others)
            found[name] = estimate(self.of(name) + 0.5 * synergies + rest)
        return found

    def left_over(self) -> np.ndarray:
        """What raising all brings beyond components alone and in pairs, seed by seed."""
        names = self.able()
        alone = sum(self.of(name) for name in names)
        pairs = sum(self.of(a, b) - self.of(a) - self.of(b) for a, b in combinations(names, 2))
        return self.of(*names) - alone - pairs

    def able(self) -> tuple[str, ...]:
        """The components that are not at the highest level yet."""
        return able_to_rise(self.profile)


def able_to_rise(profile: Mapping[str, int]) -> tuple[str, ...]:
    """The components of a profile that are not at the highest level yet."""
    return tuple(name for name in COMPONENTS if profile[name] < len(LEVELS) - 1)


def sets_to_raise(profile: Mapping[str, int]) -> tuple[frozenset[str], ...]:
    """Nobody, each alone, each pair, and all together."""
    able = able_to_rise(profile)
    sets = [frozenset(names) for size in (0, 1, 2) for names in combinations(able, size)]
    return tuple(dict.fromkeys([*sets, frozenset(able)]))


def arms_of(setting: str, profile: Mapping[str, int], **how: object) -> tuple[Scenario, ...]:
    """A scenario for each set of components that is raised by one level."""
    arms = []
    for raised, name in zip(sets_to_raise(profile), names_of_arms(profile), strict=True):
        levels = {each: level + (each in raised) for each, level in profile.items()}
        arms.append(replace(load_scenario(f"{setting}/{name_of_profile(levels)}", **how), name=name))
    return tuple(arms)


def names_of_arms(profile: Mapping[str, int]) -> tuple[str, ...]:
    """What the scenario of each set of components is called."""
    return tuple(" + ".join(sorted(raised, key=COMPONENTS.index)) or "as it is" for raised in sets_to_raise(profile))


def raise_components(setting: str, profile: Mapping[str, int], *, seeds: int | Iterable[int],
                     progress: Callable[[int, int], None] | None = None, **how: object) -> Comparison:  # fmt: skip
    """Run all arms in pairs with the profile as it is; `how` goes to `load_scenario`."""
    return compare(arms_of(setting, profile, **how), seeds=seeds, progress=progress)


def steps_of(result: Comparison, profile: Mapping[str, int]) -> Steps:
    """Deaths averted by raising components, from a comparison that `raise_components` made."""
    expected = result.tallies["expected"][:, :, WINDOW].sum(axis=(2, 3))
    averted = expected[:, :1] - expected
    return Steps(dict(profile), sets_to_raise(profile), averted)


def same_order(first: Steps, second: Steps) -> float:
    """How alike two rankings are: Spearman's rank correlation of what components bring alone."""
    from scipy.stats import spearmanr

    names = first.able()
    return float(spearmanr([first.of(name).mean() for name in names], [second.of(name).mean() for name in names])[0])
