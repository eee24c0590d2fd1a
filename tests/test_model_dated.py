"""Every lever that may change on a date does something when it does, to those who are already there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from arms import visits
from small import NEAR, digest, only_if_compiled, tiny

from iccmsim.core.records import AT_CHW, LOOKED, MINUTES
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.catalogue import of_section, parameter

DAY = 20
WORLD = {**NEAR, "run.days": 250, "chw.attr": 0, "spv.freq": 0.7, "spv.obs": 0.5}  # nobody leaves
LEAVING = {"chw.attr": 1, "chw.vacancy": 1}
SICKER = {"sev.mal.untreated": 0.5, "sev.pneu": 0.6, "inc.pneu.0_59m": 1.5}
IDLE_WITHOUT = {  # levers that do nothing unless another one, or the place, gives them something to act on
    "skill.refresher": {"spv.refresher_months": 1}, "spv.refresher_months": {"spv.refresher_months": 1},
    "motiv.attrition": {"chw.attr": 5, "motiv.base": 0.1}, "mob.on": {"seek.mob": 0.5},
    "policy.not_allowed_refer": {"policy.oldest_months": 24}, "policy.indrawing": SICKER,
    "policy.ras_months": SICKER | {"policy.ras": 1}, "chw.ras_use": SICKER | {"policy.ras": 1},
    "chw.newborn_found": {"policy.newborn": 2},
    "chw.vacancy": LEAVING, "chw.recruit": LEAVING, "skill.training": LEAVING, "chw.course_every": LEAVING,
    "chw.course_days": LEAVING | {"chw.course_every": 2}, "duty.share": {"duty.days": 5},
    "relais.recog": {"relais.reach": 1},
    "pay.": {"pay.unpaid": 0.4}, "motiv.unpaid": {"pay.unpaid": 0.4}, "motiv.aid": {"aid.share": 1},
    "aid.down": {"aid.share": 1}, "sup.check": {"sup.rule": 3}, "outreach.": {"outreach.minutes_day": 120},
    "followup.": {"followup.share": 0.9}, "newborn.": {"newborn.visits": 0.9}, "hmm.use": {"hmm.reach": 0.8},
    "transport.": {"transport.share": 0.8}, "escort.": {"escort.share": 0.8},
}  # fmt: skip
DATED = [each for each in of_section("programme").values() if each.dated and not each.size]


def world_of(key: str) -> tuple[tuple[str, float], ...]:
    """The world in which a lever has something to act on."""
    more = next((more for start, more in IDLE_WITHOUT.items() if key.startswith(start)), {})
    return tuple((WORLD | more).items())


@cache
def unchanged(world: tuple[tuple[str, float], ...]) -> str:
    return digest(Simulation(tiny(more=dict(world)), seed=1, threads=1).run())


@pytest.mark.parametrize("key", [each.key for each in DATED])
def test_a_lever_that_changes_on_a_date_moves_something(key):
    only_if_compiled()
    each, world = parameter(f"programme.{key}"), world_of(key)
    now = dict(world).get(key, each.default)
    values = {float(value) for value in (*(each.plausible or ()), *each.allowed) if value != now and value < 1e5}
    changed = (replace(tiny(more=dict(world)), changes=((DAY, {key: value}),)) for value in sorted(values))
    assert any(digest(Simulation(arm, seed=1, threads=1).run()) != unchanged(world) for arm in changed)


LASTING = {**NEAR, "place.people": 3000, "chw.attr": 0, "chw.minutes_day": 600, "chw.skill_sd": 0}


def looked(simulation: Simulation, *, since: int = DAY) -> float:
    """The share of children seen by CHWs who were looked at for signs of danger."""
    seen = visits(simulation, AT_CHW)
    seen = seen[seen["minute"] >= (simulation.plan.warmup + since) * MINUTES]
    assert len(seen) > 500
    return float((seen["marks"] & LOOKED != 0).mean())


def test_a_change_of_a_step_reaches_those_in_post_and_ends_with_the_next_one():
    only_if_compiled()
    plain = tiny(more=LASTING)
    before = looked(Simulation(plain, seed=1, threads=1).run())
    certain = replace(plain, changes=((DAY, {"chw.step.danger": 1.0}),))
    assert looked(Simulation(certain, seed=1, threads=1).run()) == 1.0
    over = replace(plain, changes=((DAY, {"chw.step.danger": 1.0}), (DAY + 1, {"chw.step.danger": 0.37})))
    assert 0.3 < before < 0.5
    assert looked(Simulation(over, seed=1, threads=1).run(), since=DAY + 1) == pytest.approx(before, abs=0.05)


def test_chws_who_stay_from_the_status_quo_do_as_the_arm_says():
    only_if_compiled()
    arm = tiny(more=LASTING | {"chw.step.danger": 1.0})
    assert looked(Simulation(arm, seed=1, status_quo=tiny(more=LASTING), threads=1).run(), since=0) == 1.0


def test_who_is_in_post_keeps_their_talent_when_something_else_changes():
    only_if_compiled()
    arm = tiny(more=WORLD)
    plain, changed = (Simulation(each, seed=1, threads=1).run().runs[0].zone.provider["logit"] for each in (
        arm, replace(arm, changes=((DAY, {"fee.chw": 1.0}),))))  # fmt: skip
    np.testing.assert_array_equal(plain, changed)
