"""Levers that act in the middle of a run, from the day that comes next: what is past stays as it was.

Two kinds. A lever of the programme (`programme_from_today`) becomes a dated change of the scenario, exactly as if the
file had told it from the beginning. The others change the state of the zones: boxes emptied, one more CHW, roads cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import AT_CHW, NOT_YET_POSTED, PRODUCTS, PROMISE, PROVIDER, table
from iccmsim.engine.day import tastes_of_families
from iccmsim.engine.plan import Plan, make_plan
from iccmsim.engine.simulation import Simulation, ZoneRun
from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.checks import check_change, check_policy
from iccmsim.parameters.faults import ScenarioError
from iccmsim.rules.facility_care import month_number
from iccmsim.world.deployment import Deployment
from iccmsim.world.geography import haversine_km
from iccmsim.world.zone import Zone, promised

if TYPE_CHECKING:
    from iccmsim.world.geography import Places

DETOUR_KM = 20.0  # assumption (grade D): how much longer a way round a flooded road is
FAR_FROM_CENTRE_KM = 3.0  # assumption (grade D): families nearer than this reach the centre on foot all the same


def programme_from_today(simulation: Simulation, levers: Mapping[str, Any]) -> dict[str, Any]:
    """Give levers of the programme other values from today on; a later dated change of the scenario still comes.

    Keys are taken with `programme.` or without. Returns the values as they were understood. ScenarioError (a
    ValueError) if a key, a value, or the day is wrong.
    """
    plan, day = simulation.plan, simulation.day - simulation.plan.warmup
    if day < 0:
        raise ScenarioError([f"day {day}: a programme has no levers before its launch"])
    if "day" in levers:
        raise ScenarioError(["programme.day: unknown key; a lever acts from today on"])
    change, faults = check_change(0, {**_without_section(levers), "day": day}, last_day=plan.days - plan.warmup)
    values = {} if change is None else change[1]
    faults = faults or check_policy({**plan.scenario.values(day), **values})
    if faults:
        raise ScenarioError([fault.replace("programme.change[0]", "programme") for fault in faults])
    dated = {when: dict(told) for when, told in plan.scenario.changes}
    dated[day] = {**dated.get(day, {}), **values}
    scenario = replace(plan.scenario, changes=tuple(sorted(dated.items())))
    simulation.scenario = scenario
    _follow(simulation, replace(make_plan(scenario, places=plan.places), deployment=plan.deployment))
    return values


def _without_section(levers: Mapping[str, Any]) -> dict[str, Any]:
    """Levers by their keys alone; ScenarioError where that would lose one. The section is taken off where it is the
    right one, so that a wrong one is told by the check that follows."""
    bare: dict[str, Any] = {}
    for given, value in levers.items():
        section, _, name = str(given).partition(".")
        right = section in ("programme", "setting") and name in of_section(section)
        key = name if right else str(given)
        if key in bare:
            raise ScenarioError([f"programme.{key}: is given twice"])
        bare[key] = value
    return bare


def _follow(simulation: Simulation, plan: Plan) -> None:
    """From now on every zone goes by another plan."""
    simulation.plan = plan
    for run in simulation.runs:
        run.plan = plan


def empty_boxes(simulation: Simulation, products: Sequence[str] = PRODUCTS) -> int:
    """All CHWs' doses of these products are gone, counted as thrown away; what is on its way still comes."""
    columns = [PRODUCTS.index(product) for product in products]
    gone = 0
    for run in simulation.runs:
        chws, number = run.zone.provider[1:], month_number(run.day, run.plan.record(run.day)[0])
        for column in columns:
            doses = chws["stock"][:, column].copy()
            chws["stock"][:, column] = 0
            chws["expired"][:, column] += doses
            run.zone.monthly["expired"][1:, number, column] += doses
            gone += int(doses.sum())
    return gone


# --- one more CHW --------------------------------------------------------------------------------------


def neediest_village(simulation: Simulation) -> int:
    """Where one more CHW is owed first: the most people beyond the norm's distance without one, else the post with
    the most families for each of its CHWs."""
    places, levers = simulation.plan.places, simulation.plan.scenario.programme
    served, lived_in = np.zeros((2, places.n_villages), bool)
    load: dict[int, float] = {}
    for run in simulation.runs:
        home, numbers = run.zone.household, run.zone.village["number"]
        lived_in[numbers[home["village"]]] = True
        whose = promised(run.zone)
        served[numbers[home["village"][whose > 0]]] = True
        families, seats = np.bincount(whose[whose > 0], minlength=len(run.zone.provider)), run.zone.provider["village"]
        for seat in np.unique(seats[1:]).tolist():
            load[int(numbers[seat])] = float(families[1:][seats[1:] == seat].mean())
    owed = np.where(lived_in & ~served & (places.km_nearest >= levers["chw.min_km"]), places.people, 0)
    if owed.any() or not load:
        return int((owed if owed.any() else places.people).argmax())
    return max(load, key=lambda village: (load[village], -village))


def add_chw(simulation: Simulation, village: int) -> tuple[int, int]:
    """Train and post one more CHW in a village, with a full box, from tomorrow morning: (index of the zone, row).

    Where there are CHWs already, at work or still to come, each gives the newcomer an equal part of its families, turn
    by turn; elsewhere the newcomer serves those within the norm's radius who have none. ValueError where posts are not
    filled (`chw.recruit` = 0), and where there would be no family to serve.
    """
    plan = simulation.plan
    z = next(i for i, run in enumerate(simulation.runs) if village in run.zone.village["number"])
    run = simulation.runs[z]
    p = plan.record(run.day)[0]
    if p["chw_recruit"] == 0:
        raise ValueError("chw.recruit = 0: no post is filled, so nobody can be added")
    here = int(np.flatnonzero(run.zone.village["number"] == village)[0])
    others = np.flatnonzero((run.zone.provider["village"] == here) & (run.zone.provider["kind"] == AT_CHW))
    mine = _part_of(others, run.zone) if len(others) else _without_a_chw(run, plan, village)
    if not len(mine):
        raise ValueError(f"village = {village}: a CHW posted there would have no family to serve; all near have one")
    row = len(run.zone.provider)
    run.zone = _with_a_row_more(run.zone)
    chw = run.zone.provider[row]
    _new_post(chw, 1 + run.zone.provider["number"].max(), p, day=run.day)
    chw["village"] = here
    chw["cut_off"] = _cut_off(run, plan.places, village, p)
    run.zone = _promise(mine, run.zone, row)
    _follow(simulation, replace(plan, deployment=_with_one_more(plan.deployment, plan, village)))
    return z, row


def _with_a_row_more(zone: Zone) -> Zone:
    """The same zone with room for one more provider."""
    old = len(zone.provider)
    provider, monthly = table(PROVIDER, old + 1), table(zone.monthly.dtype, (old + 1, zone.monthly.shape[1]))
    provider[:old], monthly[:old] = zone.provider, zone.monthly
    stock = np.zeros((zone.stock_by_day.shape[0], old + 1, zone.stock_by_day.shape[2]), np.int32)
    stock[:, :old] = zone.stock_by_day
    return zone._replace(provider=provider, monthly=monthly, stock_by_day=stock)


def _new_post(chw: np.record, number: int, p: np.record, *, day: int) -> None:
    """A post whose first holder takes it up tomorrow morning, as in a roll-out."""
    chw["number"], chw["kind"] = number, AT_CHW
    chw["vacant_until"], chw["generation"] = day, NOT_YET_POSTED
    for never in ("supervised_day", "visit_day", "coming_day", "mentored_day", "counted_day", "report_day",
                  "reported_cases", "reported_out_days", "told_month"):  # fmt: skip
        chw[never] = -1
    chw["motivation"], chw["stocked"] = p["motiv_ref"], 1.0
    chw["kit"] = p["chw_kit"]


def _cut_off(run: ZoneRun, places: Places, village: int, p: np.record) -> bool:
    """Whether the rains cut this village off: drawn for the village, as on the day of launch."""
    u, _, _, _ = draw(run.key, Decision.CUT_OFF, village, 0)
    return bool(places.km_facility[village] >= p["road_cut_km"] and u < p["road_cut_posts"])


def _part_of(others: np.ndarray, zone: Zone) -> np.ndarray:
    """The families that CHWs of one place give to one more: of each CHW every so many."""
    whose = promised(zone)
    shared = np.flatnonzero(np.isin(whose, others))
    shared = shared[np.argsort(whose[shared], kind="stable")]
    return np.sort(shared[len(others) :: len(others) + 1])


def _without_a_chw(run: ZoneRun, plan: Plan, village: int) -> np.ndarray:
    """The families near a village who have no CHW; from now on they are of a post there, so far away."""
    home, numbers, places = run.zone.household, run.zone.village["number"], plan.places
    km = haversine_km(places.village_lat[numbers], places.village_lon[numbers],
                      places.village_lat[village], places.village_lon[village])  # fmt: skip
    near = (km <= plan.scenario.programme["chw.radius_km"])[home["village"]]
    mine = np.flatnonzero(near & (promised(run.zone) == -1))
    if len(mine):
        home["km_chw"][mine] = km[home["village"][mine]] * float(plan.record(run.day)[0]["seek_path"])
        run.zone.village["post"][np.unique(home["village"][mine])] = run.zone.village["post"].max() + 1
    return mine


def _promise(mine: np.ndarray, zone: Zone, row: int) -> Zone:
    """Families reckon with the new CHW from the morning of the posting."""
    others = zone.promise[~np.isin(zone.promise["household"], mine)]
    promise = table(PROMISE, len(others) + len(mine))
    promise[: len(others)] = others
    km = zone.household["km_chw"].copy()
    km[zone.promise["household"]] = zone.promise["km"]
    new = promise[len(others) :]
    new["household"], new["chw"], new["km"] = mine, row, km[mine]
    return zone._replace(promise=promise)


def _with_one_more(posts: Deployment | None, plan: Plan, village: int) -> Deployment | None:
    """The plan's headcount with one CHW more, who serves the villages near that no post does."""
    places, levers = plan.places, plan.scenario.programme
    if posts is None:
        none = np.zeros(0, np.int64)
        posts = Deployment(none, none, none, none, np.full(places.n_villages, -1), np.full(places.n_villages, np.nan),
                           levers["chw.catch"], levers["chw.min_km"], levers["chw.radius_km"])  # fmt: skip
    at = np.flatnonzero(posts.post_village == village)
    if len(at):
        chws = posts.post_chws.copy()
        chws[at[0]] += 1
        return replace(posts, post_chws=chws)
    km = haversine_km(places.village_lat, places.village_lon, places.village_lat[village], places.village_lon[village])
    mine = (posts.post == -1) & (places.zone == places.zone[village]) & (km <= levers["chw.radius_km"])
    return replace(posts, post_village=np.append(posts.post_village, village),
                   post_zone=np.append(posts.post_zone, places.zone[village]),
                   post_people=np.append(posts.post_people, places.people[mine].sum()),
                   post_chws=np.append(posts.post_chws, 1), post=np.where(mine, posts.n_posts, posts.post),
                   km_chw=np.where(mine, km, posts.km_chw))  # fmt: skip


# --- a flood -------------------------------------------------------------------------------------------


@dataclass
class Flood:
    """Roads that are cut until a day (since the warm-up began): the ways round are longer, and nothing is delivered.
    Supervisors come and reports go as on other days; in a shock that cuts roads no supervisor comes."""

    until: int
    detour_km: float = DETOUR_KM
    beyond_km: float = FAR_FROM_CENTRE_KM
    before: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)  # km to centre and hospital, a zone each

    def begin(self, simulation: Simulation) -> None:
        """Families far from the centre have a way round to go."""
        for run in simulation.runs:
            home = run.zone.household
            self.before.append((home["km_facility"].copy(), home["km_hospital"].copy()))
            far = home["km_facility"] > self.beyond_km
            for field_name in ("km_facility", "km_hospital"):
                home[field_name][far] += self.detour_km
            tastes_of_families(home, run.plan.record(run.day)[0])

    def hold_back(self, simulation: Simulation) -> None:
        """What should arrive today waits at the water's edge until tomorrow."""
        for run in simulation.runs:
            coming = run.zone.provider["coming_day"]
            coming[(coming >= 0) & (coming <= run.day)] = run.day + 1

    def end(self, simulation: Simulation) -> None:
        """The roads are open again, and the ways as long as before."""
        for run, (km_facility, km_hospital) in zip(simulation.runs, self.before, strict=True):
            run.zone.household["km_facility"], run.zone.household["km_hospital"] = km_facility, km_hospital
            tastes_of_families(run.zone.household, run.plan.record(run.day)[0])
