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
    PROMISE,
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

    Who was at a post of the status quo that the programme has too stays there, with all that is in the box; what the
    programme adds is filled at once or over `chw.rollout`. Everything else of the zone goes on as it was; the zone
    given is used up. `long_ago` is the first day of the warm-up, with a programme that has been there for long: every
    post is held, skill is what it settles at.
    """
    today = 0 if long_ago else int(plan.warmup)
    regime, key = plan.record(today), (seed, population.number)
    if long_ago:
        regime = settled(regime, plan)
    posts, of_village, km = _posts_of(plan, population)
    seats = np.repeat(_seats(plan, population), posts) if len(posts) else np.zeros(0, np.int64)
    before = np.concatenate([[0], who_stays(zone.provider[1:], seats)])
    kept, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
    provider, monthly = table(PROVIDER, len(before)), table(MONTHLY, (len(before), zone.monthly.shape[1]))
    stock = np.zeros((zone.stock_by_day.shape[0], len(before), N_PRODUCTS), np.int32)
    provider[kept], monthly[kept] = zone.provider[before[kept]], zone.monthly[before[kept]]
    stock[:, kept] = zone.stock_by_day[:, before[kept]]
    provider["number"][new] = len(zone.provider) + np.arange(len(new))  # nobody has the luck of who has gone
    provider["village"][new] = seats[new - 1]
    post_chws(provider, new, regime, key, today, int(long_ago))
    if len(seats):
        _cut_off(provider, population.village["number"], plan, regime, key)
    opened = zone._replace(provider=provider, monthly=monthly, stock_by_day=stock)
    after = np.full(len(zone.provider), -1)
    after[before[kept]] = kept
    opened, stays = _tell_families(opened, after, posts, of_village, km * float(regime[0].seek_path))
    send_home(zone.child, zone.days, stays, today)
    return opened


def who_stays(chws: np.recarray, seats: np.ndarray) -> np.ndarray:
    """For each CHW of a programme the one of the status quo (row, from 1) who is at that post already; -1 nobody.

    `chws` are those of the status quo, `seats` the villages in which the programme's posts stand, one for each of its
    CHWs. Where a post has fewer places than before, it is the empty ones that go first.
    """
    stays, filled = np.full(len(seats), -1), np.argsort(chws["vacant_until"] >= 0, kind="stable")
    for seat in np.intersect1d(chws["village"], seats):
        old, mine = filled[chws["village"][filled] == seat], np.flatnonzero(seats == seat)
        both = min(len(old), len(mine))
        stays[mine[:both]] = 1 + old[:both]
    return stays


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
def send_home(children, days, stays, today):
    """Whose family has another CHW from today on, or none, is not on the way there any more, waits there no longer,
    and expects nobody to look in. `stays` is 1 for each family that keeps its CHW."""
    for day in range(today, days.shape[0]):
        row = days[day, ARRIVALS]
        days[day, ARRIVALS] = -1
        while row >= 0:
            child = children[row]
            following = child.next
            if child.going_to == AT_CHW and stays[child.household] == 0:
                go_home(child)
            else:
                child.next = days[day, ARRIVALS]
                days[day, ARRIVALS] = row
            row = following
    for row in range(children.shape[0]):
        if stays[children[row].household] == 0:
            children[row].follow_day = -1


@rule(entry=True)
def post_chws(provider, new, regime, key, today, long_ago):
    """Each new CHW, freshly trained (or, `long_ago`, last refreshed at some time) and with a full box, in its post; or
    found but not posted yet, the box still to come."""
    p = regime[0]
    spread = p.spv_refresher_months * MONTH / max(1, new.shape[0]) if long_ago else 0.0
    for i in range(new.shape[0]):
        chw = provider[new[i]]
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
        chw.refreshed_day = today - int(i * spread)
        for product in range(N_PRODUCTS):
            chw.kit[product] = p.chw_kit[product]
        talent(chw, p, key, p.chw_logit, p.chw_skill_sd)
        if p.chw_rollout > 0.0:
            u, _, _, _ = draw(key, Decision.ROLL_OUT, chw.number, 0)
            chw.vacant_until = posted_day(today + int(u * p.chw_rollout), p)
            chw.generation = NOT_YET_POSTED
        else:
            hand_over_first_box(chw, p)


def _tell_families(zone: Zone, after: np.ndarray, posts: np.ndarray, of_village: np.ndarray,
                   km: np.ndarray) -> tuple[Zone, np.ndarray]:  # fmt: skip
    """Each household of a served village gets one of the CHWs of its post, turn by turn.

    Who is to have one that is not posted yet keeps the CHW of the status quo until then, if that one stays, or goes to
    another at the same post. Tells also which families keep their CHW. `after` is the row of each provider of the
    status quo from today on (-1 gone).
    """
    home, provider = zone.household, zone.provider
    had, had_km = np.where(home["chw"] > 0, after[np.maximum(home["chw"], 0)], -1), home["km_chw"].copy()
    first = np.concatenate([[0], np.cumsum(posts)]) + 1
    to_come = provider["generation"] == NOT_YET_POSTED
    of_row = np.repeat(np.arange(len(posts)), posts)
    there = np.bincount(of_row, weights=~to_come[1:], minlength=len(posts)).astype(np.int64)  # first in each post
    post = of_village[home["village"]]
    served = np.flatnonzero(post >= 0)
    mine = post[served]
    whose, path = np.full(len(home), -1), np.zeros(len(home))
    whose[served], path[served] = first[mine] + served % posts[mine], km[home["village"][served]]
    waits = served[to_come[whose[served]]]
    theirs = post[waits]
    beside = np.where(there[theirs] > 0, first[theirs] + waits % np.maximum(1, there[theirs]), -1)
    promise = table(PROMISE, len(waits))
    promise["household"], promise["chw"], promise["km"] = waits, whose[waits], path[waits]
    whose[waits] = np.where(had[waits] > 0, had[waits], beside)
    path[waits] = np.where(had[waits] > 0, had_km[waits], path[waits])
    home["chw"], home["km_chw"] = whose, path
    zone.village["post"] = of_village
    served = np.flatnonzero(whose > 0)
    home["round_place"][served] = _places_of(whose[served])
    provider["families"][1:] = np.bincount(whose[served], minlength=len(provider))[1:]
    return zone._replace(promise=promise), (whose > 0) & (whose == had)


def _places_of(chw: np.ndarray) -> np.ndarray:
    """The place of each household among those of its CHW, in their order."""
    order = np.argsort(chw, kind="stable")
    first = np.searchsorted(chw[order], chw[order], side="left")
    places = np.empty(len(chw), np.int64)
    places[order] = np.arange(len(chw)) - first
    return places
