"""How a zone is opened for the warm-up, and how a programme's CHWs take up their posts on the day of launch."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.memory import bytes_of, large_table
from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    BASIC_PRODUCTS,
    COURSE,
    MONTH,
    MONTHLY,
    N_PRODUCTS,
    NOT_YET_POSTED,
    PROVIDER,
    VISIT,
    table,
)
from iccmsim.engine.plan import Plan
from iccmsim.engine.ways import go_home
from iccmsim.parameters.kernel import stationary_skill
from iccmsim.parameters.scenario import BEFORE
from iccmsim.rules.supply import SLOTS, hand_over_first_box
from iccmsim.rules.workforce import posted_day, talent
from iccmsim.world.population import Population
from iccmsim.world.store import district_store
from iccmsim.world.zone import ARRIVALS, MARGIN, ONSET_FROM, SHARED, Zone


def months_of(plan: Plan) -> int:
    """How many calendar months the monthly tables hold, from the start of the first year of the warm-up."""
    p = plan.regimes[0][1][0]
    return int(p.month_offset) + int((plan.days - plan.warmup) // MONTH) + 2


def open_zone(population: Population, plan: Plan, *, seed: int, tables: bool) -> Zone:
    """A zone on the first day of the warm-up: its people well, its health facility stocked, no CHW yet.

    The population's arrays become the zone's own: from now on they are written to.
    """
    people, days, p = len(population.child), plan.days, plan.regimes[0][1][0]
    zone = Zone(
        child=population.child, candidate=population.candidate, order=population.order,
        course=large_table(COURSE, len(population.order), clean=False),
        household=population.household, village=population.village,
        provider=table(PROVIDER, 1), monthly=table(MONTHLY, (1, months_of(plan))),
        visit=table(VISIT, max(2, 3 * MARGIN * people) if tables else 1),
        stock_by_day=np.zeros((days if tables else 1, 1, N_PRODUCTS), np.int32),
        days=population.days, lists=population.lists, wake=np.zeros(people + 1, np.int64),
        words=np.zeros((4, people + 1), np.int64), lure=np.zeros((3, people + 1)), n=np.zeros(8, np.int64),
        store=district_store(p, seed=seed, days=days),
    )  # fmt: skip
    facility = zone.provider[0]
    open_facility(facility, p, float(plan.places.people[population.village["number"]].sum()))
    u, _, _, _ = draw((seed, population.number), int(Decision.CUT_OFF), 0, 0, 0, 0, AT_FACILITY)
    facility["cut_off"] = u < p["road_cut_facilities"]
    return zone


def open_facility(facility: np.record, p: np.record, people: float) -> None:
    """The health facility begins with days of expected use on its shelves."""
    facility["number"], facility["kind"] = 0, AT_FACILITY
    facility["vacant_until"] = facility["supervised_day"] = facility["visit_day"] = -1
    facility["coming_day"] = facility["mentored_day"] = -1
    facility["counted_day"] = facility["report_day"] = facility["reported_cases"] = facility["reported_out_days"] = -1
    facility["told_month"] = -1
    facility["logit"] = facility["sure"] = p["fac_logit"]
    facility["sure"] = 1.0 / (1.0 + np.exp(-p["fac_logit"]))
    facility["kit"] = np.maximum(1.0, p["fac_kit_per_person"] * people)
    facility["kit"][BASIC_PRODUCTS:] = 0.0  # those it holds for its CHWs alone come with them
    facility["stock"] = np.ceil(facility["kit"] * p["fac_kit_days"] / 30.0)
    facility["began_with"] = facility["stock"]
    facility["stocked"] = 1.0


def launch(zone: Zone, plan: Plan, population: Population, *, seed: int, long_ago: bool = False) -> Zone:
    """The day on which a programme begins: its CHWs, freshly trained and fully stocked, take up their posts.

    Everything else of the zone goes on as it was; the zone given is used up. `long_ago` is the first day of the
    warm-up, with a programme that has been there for long: every post is held, skill is what it settles at.
    """
    today = 0 if long_ago else int(plan.warmup)
    regime, key = plan.record(today), (seed, population.number)
    if long_ago:
        regime = settled(regime, plan)
    p = regime[0]
    posts, of_village, km = _posts_of(plan, population)
    chws = int(posts.sum()) if len(posts) else 0
    provider, monthly = table(PROVIDER, 1 + chws), table(MONTHLY, (1 + chws, zone.monthly.shape[1]))
    provider[0], monthly[0] = zone.provider[0], zone.monthly[0]
    send_home(zone.child, zone.days, today)
    stock = np.zeros((zone.stock_by_day.shape[0], 1 + chws, N_PRODUCTS), np.int32)
    stock[:, 0] = zone.stock_by_day[:, 0]
    post_chws(provider, regime, key, today, int(long_ago))
    _tell_families(zone.household, zone.village, posts, of_village, km * float(p.seek_path))
    if chws:
        serving = zone.household["chw"][zone.household["chw"] >= 0]
        provider["families"] = np.bincount(serving, minlength=1 + chws)
        provider["village"][1:] = np.repeat(_seats(plan, population), posts)
        _cut_off(provider, population.village["number"], plan, regime, key)
    if p.chw_rollout > 0:  # who comes later is not walked to before
        later = zone.household["chw"] >= 0
        zone.household["chw"][later] = -1 - zone.household["chw"][later]
    return zone._replace(provider=provider, monthly=monthly, stock_by_day=stock)


def copy_of(zone: Zone, day: int, spare: Zone | None) -> Zone:
    """A zone of its own, as it is on a day; into the arrays of one that is no longer needed where they fit, which is
    faster. What is never written to is shared, and of the courses only those of the days before are copied."""
    begun = {"course": int(zone.days[day, ONSET_FROM])}
    copies = {}
    for name, array in zone._asdict().items():
        if name in SHARED:
            continue
        old = None if spare is None else getattr(spare, name)
        new = old if old is not None and old.shape == array.shape else _room_like(array)
        rows = slice(begun.get(name))
        np.copyto(bytes_of(new[rows]), bytes_of(array[rows]))
        copies[name] = new
    return zone._replace(**copies)


def settled(regime: np.recarray, plan: Plan) -> np.recarray:
    """The same parameters, of a programme in which nobody is still to be posted and skill starts where it settles."""
    record = regime.copy()
    record[0].skill_start = stationary_skill(plan.scenario.values(BEFORE))
    record[0].chw_rollout = 0
    return record


def _room_like(array: np.ndarray) -> np.ndarray:
    """Room for a copy; for the courses, the largest by far, in memory that was used before."""
    return large_table(COURSE, len(array), clean=False) if array.dtype == COURSE else np.empty_like(array)


def _posts_of(plan: Plan, population: Population) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CHWs of each post of this zone; for each village its post in the zone (-1 none) and straight-line km to it."""
    numbers = population.village["number"]
    if plan.deployment is None:
        return np.zeros(0, np.int64), np.full(len(numbers), -1), np.zeros(len(numbers))
    mine = np.flatnonzero(plan.deployment.post_zone == population.number)
    post = plan.deployment.post[numbers]
    local = np.where(post >= 0, np.searchsorted(mine, post), -1)
    return plan.deployment.post_chws[mine], local, np.nan_to_num(plan.deployment.km_chw[numbers])


def _seats(plan: Plan, population: Population) -> np.ndarray:
    """The zone's own rows of the villages in which its posts stand."""
    mine = plan.deployment.post_zone == population.number
    return np.searchsorted(population.village["number"], plan.deployment.post_village[mine])


def _cut_off(provider: np.recarray, villages: np.ndarray, plan: Plan, regime: np.recarray,
             key: tuple[int, int]) -> None:  # fmt: skip
    """Which posts no road leads to while it rains: a share of those far from the health facility, the same in all arms.

    Drawn for the village, so that CHWs of one post share its road.
    """
    at = villages[provider["village"][1:]]
    cut_off_posts(provider, at, np.asarray(plan.places.km_facility, float)[at], regime, key)


@rule(entry=True)
def cut_off_posts(provider, villages, km, regime, key):
    """Whether each CHW's post is cut off, by its village (number in the district) and km to the health facility."""
    p = regime[0]
    for row in range(1, provider.shape[0]):
        u, _, _, _ = draw(key, Decision.CUT_OFF, villages[row - 1], 0)
        provider[row].cut_off = 1 if km[row - 1] >= p.road_cut_km and u < p.road_cut_posts else 0


@rule(entry=True)
def send_home(children, days, today):
    """Where the CHWs of the status quo go, or others come, nobody is on the way to them any more, waits there, or
    expects them to look in."""
    for day in range(today, days.shape[0]):
        row = days[day, ARRIVALS]
        days[day, ARRIVALS] = -1
        while row >= 0:
            child = children[row]
            following = child.next
            if child.going_to == AT_CHW:
                go_home(child)
            else:
                child.next = days[day, ARRIVALS]
                days[day, ARRIVALS] = row
            row = following
    for row in range(children.shape[0]):
        children[row].follow_day = -1


@rule(entry=True)
def post_chws(provider, regime, key, today, long_ago):
    """Each CHW, freshly trained (or, `long_ago`, last refreshed at some time) and with a full box, in its post; or
    found but not posted yet, the box still to come."""
    p = regime[0]
    spread = p.spv_refresher_months * MONTH / max(1, provider.shape[0] - 1) if long_ago else 0.0
    for row in range(1, provider.shape[0]):
        chw = provider[row]
        chw.number = row
        chw.kind = AT_CHW
        chw.vacant_until = -1
        chw.supervised_day = -1
        chw.visit_day = -1
        chw.mentored_day = -1
        chw.counted_day = -1
        chw.report_day = -1
        chw.reported_cases = -1
        chw.reported_out_days = -1
        chw.told_month = -1
        for slot in range(SLOTS):
            chw.coming_day[slot] = -1
        chw.skill = p.skill_start
        chw.motivation = p.motiv_ref
        chw.stocked = 1.0
        chw.refreshed_day = today - int((row - 1) * spread)
        for product in range(N_PRODUCTS):
            chw.kit[product] = p.chw_kit[product]
        talent(chw, p, key, p.chw_logit, p.chw_skill_sd)
        if p.chw_rollout > 0.0:
            u, _, _, _ = draw(key, Decision.ROLL_OUT, row, 0)
            chw.vacant_until = posted_day(today + int(u * p.chw_rollout), p)
            chw.generation = NOT_YET_POSTED
        else:
            hand_over_first_box(chw, p)


def _tell_families(household: np.recarray, village: np.recarray, posts: np.ndarray, of_village: np.ndarray,
                   km: np.ndarray) -> None:  # fmt: skip
    """Each household of a served village gets one of the CHWs of its post, turn by turn."""
    village["post"] = of_village
    household["chw"], household["km_chw"] = -1, 0.0
    first = np.concatenate([[0], np.cumsum(posts)]) + 1
    post = of_village[household["village"]]
    served = np.flatnonzero(post >= 0)
    if len(served):
        mine = post[served]
        household["chw"][served] = first[mine] + served % posts[mine]
        household["km_chw"][served] = km[household["village"][served]]
        household["round_place"][served] = _places_of(household["chw"][served])


def _places_of(chw: np.ndarray) -> np.ndarray:
    """The place of each household among those of its CHW, in their order."""
    order = np.argsort(chw, kind="stable")
    first = np.searchsorted(chw[order], chw[order], side="left")
    places = np.empty(len(chw), np.int64)
    places[order] = np.arange(len(chw)) - first
    return places
