"""Workload W as one would write it in Starsim and in Mesa: what this engine is timed against.

Both take a day at a time, as their tutorials do: Starsim with a disease module for each illness and its usual common
random numbers, Mesa with an agent for each child that is stepped in random order. Neither has CHWs, facilities, stock
or queues. Only the run is timed, not the making of the children.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import workload_w as w

CHANCE = {name: tuple(-math.expm1(-rate / w.YEAR) for rate in w.RATES[name]) for name in w.ILLNESSES}  # of onset, a day
NUMBERS = range(len(w.ILLNESSES))
NEVER = math.inf
BY_YEAR = tuple(zip(*CHANCE.values(), strict=True))  # the same, by year of age


def chance_of_dying(illness: str, severe: bool, treated: bool) -> float:
    """Chance that an illness kills when it ends."""
    chance = (w.KILLS_SEVERE if severe else w.KILLS_MILD)[illness]
    return chance * w.LEFT if treated else chance


def with_mesa(children: int, *, days: int, seed: int) -> dict:
    """W in Mesa: an agent for each child."""
    from mesa import Agent, Model

    class Child(Agent):
        """One child, who falls ill, is over it or dies, and at five gives way to a newborn."""

        def __init__(self, model: Model, age: int) -> None:
            super().__init__(model)
            self.age = age
            self.well_on = [0] * len(w.ILLNESSES)
            self.dies_on = NEVER

        def step(self) -> None:
            today = self.model.today
            if self.dies_on <= today or self.age >= w.LIFE:
                self.model.deaths += self.dies_on <= today
                Child(self.model, 0)
                self.remove()
                return
            uniform, chances, well_on = self.random.random, BY_YEAR[self.age // w.YEAR], self.well_on
            for number in NUMBERS:
                if well_on[number] <= today and uniform() < chances[number]:
                    self.fall_ill(number, w.ILLNESSES[number], uniform)
            self.age += 1

        def fall_ill(self, number: int, illness: str, uniform: Callable[[], float]) -> None:
            last = self.model.today + w.SHORTEST + int(self.random.expovariate(1.0 / w.FURTHER[illness]))
            self.well_on[number] = last
            severe = uniform() < w.SEVERE[illness]
            brought = uniform() < (w.BROUGHT_SEVERE if severe else w.BROUGHT_MILD)
            treated = brought and uniform() < w.TREATED
            self.model.episodes += 1
            if uniform() < chance_of_dying(illness, severe, treated):
                self.dies_on = min(self.dies_on, last)

    class Village(Model):
        """All children."""

        def __init__(self) -> None:
            super().__init__(seed=seed)
            self.today = self.episodes = self.deaths = 0
            for _ in range(children):
                Child(self, self.random.randrange(w.LIFE))

        def step(self) -> None:
            self.agents.shuffle_do("step")
            self.today += 1

    village = Village()
    clock = time.process_time()
    for _ in range(days):
        village.step()
    return outcome(village.episodes, village.deaths, children, days=days, seconds=time.process_time() - clock)


def with_starsim(children: int, *, days: int, seed: int) -> dict:
    """W in Starsim: a disease module for each illness, and one that replaces who dies or turns five."""
    import numpy as np
    import starsim as ss

    class Illness(ss.Disease):
        """One illness."""

        def __init__(self, illness: str) -> None:
            super().__init__(name=illness)
            self.illness, self.episodes, self.deaths = illness, 0, 0
            self.define_states(ss.BoolState("ill"), ss.FloatArr("last"), ss.BoolState("kills"))
            self.define_pars(
                begins=ss.bernoulli(p=lambda module, sim, uids: module.daily_chance(sim, uids)),
                further=ss.expon(scale=w.FURTHER[illness]), severe=ss.bernoulli(p=w.SEVERE[illness]),
                brought=ss.random(), treated=ss.random(), dies=ss.random(),
            )  # fmt: skip

        def daily_chance(self, sim: ss.Sim, uids: ss.uids) -> np.ndarray:
            year = np.clip(sim.people.age[uids], 0.0, 4.0).astype(int)
            return np.array(CHANCE[self.illness])[year]

        def step_state(self) -> None:
            over = (self.ill & (self.last <= self.ti)).uids
            self.ill[over] = False
            dead = over[self.kills[over]]
            self.sim.people.request_death(dead)
            self.deaths += len(dead)

        def step(self) -> None:
            new = self.pars.begins.filter((~self.ill).uids)
            self.episodes += len(new)
            severe = self.pars.severe.rvs(new)
            brought = self.pars.brought.rvs(new) < np.where(severe, w.BROUGHT_SEVERE, w.BROUGHT_MILD)
            treated = brought & (self.pars.treated.rvs(new) < w.TREATED)
            chance = np.where(severe, w.KILLS_SEVERE[self.illness], w.KILLS_MILD[self.illness])
            chance = np.where(treated, w.LEFT * chance, chance)
            self.ill[new] = True
            self.last[new] = self.ti + w.SHORTEST + np.floor(self.pars.further.rvs(new))
            self.kills[new] = self.pars.dies.rvs(new) < chance

    class Births(ss.Demographics):
        """A newborn for each child that has died or turned five."""

        def step(self) -> None:
            people = self.sim.people
            old = (people.age >= w.LIFE / w.YEAR).uids
            people.request_removal(old)
            missing = children - people.n_alive + len(old)
            if missing > 0:
                people.age[people.grow(int(missing))] = 0.0

    sim = ss.Sim(people=ss.People(n_agents=children), diseases=[Illness(name) for name in w.ILLNESSES],
                 demographics=Births(), start="2020-01-01", dt=ss.days(1), dur=ss.days(days), rand_seed=seed,
                 verbose=0)  # fmt: skip
    sim.init()
    ages = np.random.default_rng(seed).uniform(0.0, w.LIFE / w.YEAR, children)
    sim.people.age[sim.people.auids] = ages
    clock = time.process_time()
    sim.run()
    seconds = time.process_time() - clock
    modules = [sim.diseases[name] for name in w.ILLNESSES]
    episodes, deaths = sum(each.episodes for each in modules), sum(each.deaths for each in modules)
    return outcome(episodes, deaths, children, days=sim.t.npts, seconds=seconds)  # first and last day are both lived


def outcome(episodes: int, deaths: int, children: int, *, days: int, seconds: float) -> dict:
    """What happened, in how many CPU seconds."""
    told = w.against_w(int(episodes), int(deaths), children * days / w.YEAR, w.expected(days))
    return {"days": days, "cpu_s": seconds, **told}
