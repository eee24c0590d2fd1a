"""Where the programme puts its CHWs: the Malian norm, with its numbers left to the planner.

Villages far from every facility are owed a CHW. A post is put where it reaches most people who have none
yet, then the next, until all are reached; a post with more people than one CHW can serve gets several. A
post serves villages of one zone only, because its CHWs are supervised and supplied by that zone's facility.
The greedy rule is the usual one in planning; it is near, not at, the smallest number of posts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from iccmsim.world.geography import Places, haversine_km


@dataclass(frozen=True, eq=False)
class Deployment:
    """CHW posts of a district: one element a post (`post_*`) or a village (`post`, `km_chw`).

    `post` is -1 and `km_chw` nan for a village that has no CHW; km in a straight line to the post's village.
    Posts are in order of zone, and within a zone in the order the rule chose them.
    """

    post_village: np.ndarray
    post_zone: np.ndarray
    post_people: np.ndarray
    post_chws: np.ndarray
    post: np.ndarray
    km_chw: np.ndarray
    people_per_chw: float
    min_km: float
    radius_km: float

    @property
    def n_posts(self) -> int:
        """Villages where at least one CHW lives."""
        return len(self.post_village)

    @property
    def n_chws(self) -> int:
        """CHWs to be hired."""
        return int(self.post_chws.sum())

    @property
    def people(self) -> int:
        """People, of all ages, who have a CHW."""
        return int(self.post_people.sum())

    def summary(self) -> dict[str, float]:
        """The headcount of the plan and how its CHWs are loaded."""
        return {"posts": self.n_posts, "chws": self.n_chws, "people_served": self.people,
                "villages_served": int((self.post >= 0).sum()),
                "people_per_chw": self.people / self.n_chws if self.n_chws else 0.0,
                "norm_people_per_chw": self.people_per_chw, "norm_min_km": self.min_km,
                "norm_radius_km": self.radius_km}


def place_chws(places: Places, *, people_per_chw: float, min_km: float, radius_km: float,
               funded: float = 1.0) -> Deployment:  # fmt: skip
    """Put CHWs by the norm: villages `min_km` or more from any facility, posts that reach `radius_km`.

    A post stands in one of the villages it serves and never serves a village of another zone; ties go to the
    village that comes first in the list. CHWs at a post = people / `people_per_chw`, rounded up. A village
    without people is owed no CHW. Of the CHWs that the norm asks for only the share `funded` is posted, first where a
    post serves the most people. ValueError for a norm that is not a norm.
    """
    _check_norm(people_per_chw=people_per_chw, min_km=min_km, radius_km=radius_km, funded=funded)
    eligible = (places.km_nearest >= min_km) & (places.people > 0)
    post, km = np.full(places.n_villages, -1, np.int64), np.full(places.n_villages, np.nan)
    seats: list[int] = []
    for zone in range(places.n_zones):
        members = np.flatnonzero(eligible & (places.zone == zone))
        for seat, reached, distance in _zone_posts(places, members, radius_km=radius_km):
            post[reached], km[reached] = len(seats), distance
            seats.append(seat)
    at = np.array(seats, np.int64)
    served = post >= 0
    people = np.bincount(post[served], weights=places.people[served], minlength=len(at)).astype(np.int64)
    chws = np.ceil(people / people_per_chw).astype(np.int64)
    plan = Deployment(post_village=at, post_zone=places.zone[at], post_people=people, post_chws=chws,
                      post=post, km_chw=km, people_per_chw=people_per_chw, min_km=min_km,
                      radius_km=radius_km)  # fmt: skip
    return _frozen(plan if funded >= 1 else _as_funded(plan, funded))


def _as_funded(plan: Deployment, funded: float) -> Deployment:
    """The posts that the money is enough for, the largest first; the last of them may get fewer CHWs than owed."""
    budget = int(plan.n_chws * funded + 0.5)
    order = np.argsort(-plan.post_people, kind="stable")
    before = np.concatenate([[0], np.cumsum(plan.post_chws[order])[:-1]])
    paid = np.zeros_like(plan.post_chws)
    paid[order] = np.clip(budget - before, 0, plan.post_chws[order])
    kept = np.flatnonzero(paid > 0)
    number = np.full(len(paid) + 1, -1)
    number[kept] = np.arange(len(kept))
    post = number[plan.post]
    return replace(plan, post_village=plan.post_village[kept], post_zone=plan.post_zone[kept],
                   post_people=plan.post_people[kept], post_chws=paid[kept], post=post,
                   km_chw=np.where(post >= 0, plan.km_chw, np.nan))  # fmt: skip


def _zone_posts(places: Places, members: np.ndarray, *,
                radius_km: float) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """The posts of one zone as chosen: (village of the post, villages it serves, their km to it)."""
    lat, lon = places.village_lat[members], places.village_lon[members]
    waiting = places.people[members].copy()
    km = haversine_km(lat[:, None], lon[:, None], lat[None], lon[None])
    within, chosen = km <= radius_km, []
    while waiting.any():
        gain = np.where(waiting > 0, within @ waiting, -1)
        seat = int(gain.argmax())
        reached = np.flatnonzero(within[seat] & (waiting > 0))
        chosen.append((int(members[seat]), members[reached], km[seat, reached]))
        waiting[reached] = 0
    return chosen


def _check_norm(**norm: float) -> None:
    """A norm needs people for each CHW, distances that are distances, and a share that is one."""
    if norm["funded"] > 1:
        raise ValueError(f"funded = {norm['funded']}: must be a share, 0 to 1")
    for key, value in norm.items():
        least = 1 if key == "people_per_chw" else 0
        if not least <= value < float("inf"):
            raise ValueError(f"{key} = {value}: must be a number of at least {least}")


def _frozen(plan: Deployment) -> Deployment:
    """A plan is not changed by the run that follows it."""
    for value in vars(plan).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return plan
