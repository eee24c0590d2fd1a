"""Arms differ by what the programme does and by nothing else: same children, same candidate illnesses, same luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import NEAR, SURE, TINY, lived, tiny, what_differs

from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import Simulation, arms_of_zone
from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.scenario import load_scenario

PROGRAMMES = ("facility-only", "iccm-as-delivered", "iccm-supported")
BY_NATURE = ("child", "illness", "episode", "onset", "worsens", "kills", "mends", "signs", "overlaps",
             "u_worsen", "u_die", "u_recognise")  # fmt: skip
BORN_WITH = ("household", "birth", "leaves", "leaves_dead", "number")

CHANCES = {"provider.logit", "provider.sure"}
# a lever, what takes its strength away, the columns that only keep its books
POWERLESS = {
    "fee of the CHW": ({"fee.chw": 5}, {"seek.fee": 0}, {"monthly.fees"}),
    "mobilisation": ({"mob.on": 1}, {"seek.mob": 0}, set()),
    "supervision": (
        {"spv.freq": 0.85}, {"skill.visit": 0, "skill.mentored": 0, "motiv.supervised": 0},
        {"provider.supervised_day", "provider.visit_day", "provider.visit_mentors", "monthly.supervised",
         "monthly.mentored", "provider.mentored_day"},
    ),
    "mentoring": ({"spv.obs": 0.7}, {"skill.visit": 0.1, "skill.mentored": 0.1},
                  {"provider.visit_mentors", "provider.mentored_day", "monthly.mentored"}),
    "refresher": ({"spv.refresher_months": 3}, {"skill.refresher": 0}, {"provider.refreshed_day"}),
    "length of absence": ({"chw.absent_spell": 15}, {"chw.absent": 0}, set()),
    "vacancy": ({"chw.vacancy": 12}, {"chw.attr": 0}, set()),
    "heart and attrition": ({"motiv.attrition": 4}, {"chw.attr": 0}, set()),
    "night reach": ({"night.avail": 0.9}, {"chw.days_week": 7}, set()),
    "room to wait": ({"chw.queue": 1, "chw.patience": 0}, {"chw.minutes": 0}, set()),
    "minutes of a day": ({"chw.minutes_day": 1}, {"chw.minutes": 0}, {"provider.minutes"}),
    "danger plainly seen": ({"chw.danger_severe": 2}, {"chw.step.danger": 0}, set()),
    "referral step": ({"chw.step.refer": 1}, {"chw.step.danger": 0}, CHANCES),
    "no test at hand": ({"policy.no_rdt": 0}, {**SURE, "chw.step.rdt": 1}, set()),
    "drug out": ({"policy.stockout_refer": 1}, SURE, set()),
    "dose step": ({"chw.step.dose": 0.3}, {"tx.dose.wrong": 1}, CHANCES),
    "shape of lead times": ({"sup.lead_shape": 2}, {"sup.lead": 0}, set()),
    "talent": ({"skill.max": 0.9}, {"skill.visit": 0, "skill.mentored": 0, "skill.refresher": 0,
                                    "skill.training": 0.5, "skill.decay": 0}, set()),
}  # fmt: skip


def arms(seed: int = 1, more: dict | None = None) -> list:
    """The three programmes of the library on the same people."""
    plans = [make_plan(tiny(name, more={**NEAR, **(more or {})})) for name in PROGRAMMES]
    zone_map = zone_maps(plans[0].places)[0]
    kept = []
    for run in arms_of_zone(zone_map, plans, status_quo=plans[0], seed=seed, tables=True):
        kept.append({"child": run.zone.child.copy(), "course": run.course.copy()})
    return kept


def test_the_same_arm_twice_is_the_same_in_every_cell():
    assert what_differs(lived(), lived()) == set()
    assert what_differs(lived(), lived(seed=2)) >= {"child.birth", "course.onset", "provider.given"}


def test_children_and_candidate_onsets_are_the_same_rows_in_all_arms_bit_for_bit():
    without, *others = arms()
    for each in others:
        assert (each["course"]["seen_by"] != without["course"]["seen_by"]).sum() > 100
        for name in BY_NATURE:
            assert each["course"][name].tobytes() == without["course"][name].tobytes(), name
        for name in BORN_WITH:
            assert each["child"][name].tobytes() == without["child"][name].tobytes(), name


def test_an_arm_run_beside_others_is_the_arm_run_alone():
    for name, arm in zip(PROGRAMMES, arms(seed=4), strict=True):
        zone = lived(NEAR, programme=name, seed=4).runs[0].zone
        for table in ("child", "course"):
            for field in arm[table].dtype.names:
                np.testing.assert_array_equal(arm[table][field], getattr(zone, table)[field], err_msg=f"{name} {field}")


def test_facility_only_is_any_programme_that_is_not_deployed():
    alone = lived(programme="facility-only")
    for more in ({}, {"chw.absent": 0.5}, {"sup.lead": 40, "fee.chw": 9, "spv.freq": 1, "chw.catch": 500}):
        assert what_differs(alone, lived({"chw.deployed": 0, **more})) == set()
    assert len(alone.runs[0].zone.provider) == 1


def other_value(each) -> object:
    """A value of a lever that is allowed and is not its default."""
    odd = {"budget.order": [1, 2, 3], "policy.youngest_months": 6, "policy.oldest_months": 36}
    if each.key in odd:
        return odd[each.key]
    low, high = each.plausible or each.allowed
    if each.size:
        return [1.5 * value for value in each.default]
    value = high if each.default != high else low
    return int(value) if each.integer else float(value)


WITHOUT_CHWS_TOO = ("chw.deployed", "mob.on", "relais.reach", "fee.waived", "fee.exempt_poorest",
                     "demand.knowledge", "hmm.reach", "fac.second_line", "fac.triage")  # fmt: skip
LEVERS = [key for key in of_section("programme") if key not in WITHOUT_CHWS_TOO]


@pytest.mark.parametrize("key", LEVERS)
def test_with_no_chw_in_post_no_lever_of_theirs_changes_anything(key):
    more = {"run.days": 200, "was.on": int(key == "policy.muac")}
    alone = lived(more, programme="facility-only")
    changed = lived({**more, f"programme.{key}": other_value(of_section("programme")[key])}, programme="facility-only")
    assert what_differs(alone, changed) == set()


@pytest.mark.parametrize("name", POWERLESS)
def test_a_lever_without_strength_leaves_every_array_identical(name):
    lever, without_strength, books = POWERLESS[name]
    base = lived({**NEAR, **without_strength})
    pulled = lived({**NEAR, **without_strength, **lever})
    assert what_differs(base, pulled) - books == set()
    zone = base.runs[0].zone
    assert zone.provider["given"][1:].sum() > 100


@pytest.mark.parametrize("name", sorted(set(POWERLESS) - {"talent", "shape of lead times"}))
def test_the_same_lever_with_its_strength_is_felt(name):
    lever, _, books = POWERLESS[name]
    strength = {"seek.mob": 0.4} if name == "mobilisation" else {}
    strength |= {"chw.minutes": 60, "chw.minutes_day": 60, "seek.chw_shift": 2} if "minutes" in name else {}
    strength |= {"chw.minutes": 45, "chw.minutes_day": 60, "seek.chw_shift": 2} if "room" in name else {}
    strength |= {"chw.attr": 5, "motiv.ref": 0.5} if name in ("vacancy", "heart and attrition") else {}
    strength |= {"skill.refresher": 0.74} if name == "refresher" else {}
    differs = what_differs(lived({**NEAR, **strength}), lived({**NEAR, **strength, **lever}))
    assert differs - books, name


def test_a_dated_change_leaves_the_days_before_it_alone():
    day = 200
    base = load_scenario("sahel/iccm-as-delivered", overrides={**TINY, **NEAR})
    assert not base.changes
    changed = replace(base, changes=((day, {"fee.chw": 5.0, "chw.absent": 0.6}),))
    a, b = (Simulation(each, seed=1, threads=1).run_to(60 + day) for each in (base, changed))
    assert what_differs(a, b) == set()
    assert what_differs(a.run(), b.run()) >= {"visit.minute", "provider.given"}
