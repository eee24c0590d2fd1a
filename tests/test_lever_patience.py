"""Patience: over how many nights a family waits for its turn, and what that does to a line."""

from __future__ import annotations

import pytest
from small import NEAR, lived, tiny, what_differs
from world import DAY

from iccmsim.core.records import AT_CHW, AT_FACILITY, FOUND_CLOSED, TURNED_AWAY
from iccmsim.studies.compare import compare

CROWDED = {**NEAR, "place.people": 3000, "seek.chw_shift": 2.0, "programme.chw.minutes_day": 30,
           "programme.chw.queue": 1000}  # fmt: skip


def at_chws(run):
    """The visits to CHWs."""
    visits = run.zone.visit[: run.zone.n[1]]
    return visits[visits["provider"] == AT_CHW]


def nights(visits):
    """How often midnight has passed since they came."""
    return visits["minute"] // DAY - visits["arrived"] // DAY


@pytest.fixture(scope="module")
def lines():
    """The same crowded zone with families that wait over no, one, two or five nights."""
    return {n: lived({**CROWDED, "programme.chw.patience": n}).runs[0] for n in (0, 1, 2, 5)}


@pytest.mark.parametrize("patience", [0, 1, 2, 5])
def test_families_wait_over_as_many_nights_as_stated_and_no_more(lines, patience):
    visits = at_chws(lines[patience])
    waited = nights(visits)
    assert waited.min() == 0
    assert waited.max() == patience
    turned_away = waited[visits["marks"] & TURNED_AWAY > 0]
    assert len(turned_away) > 100
    assert (turned_away == patience).all()  # the line is never full here


def test_the_longer_they_wait_the_later_they_are_seen_and_no_more_of_them(lines):
    seen = [visits[visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0] for visits in map(at_chws, lines.values())]
    mean = [nights(visits).mean() for visits in seen]
    assert mean == sorted(mean)
    assert mean[0] == 0.0
    assert mean[-1] > 1.0
    assert max(map(len, seen)) < 1.1 * min(map(len, seen))  # hours are what they are


def test_who_does_not_wait_is_free_to_go_to_the_health_centre(lines):
    to_the_centre = [run.zone.visit[: run.zone.n[1]]["provider"] == AT_FACILITY for run in lines.values()]
    assert to_the_centre[0].sum() > 1.05 * to_the_centre[-1].sum()


def test_the_books_tell_who_waited_and_who_had_no_turn(lines):
    for run in lines.values():
        visits, books = at_chws(run), run.zone.monthly[1:]
        seen = visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0
        assert books["waited"].sum() == (seen & (nights(visits) > 0)).sum()
        assert books["turned_away"].sum() == (visits["marks"] & TURNED_AWAY > 0).sum()


def test_where_nobody_has_to_wait_patience_changes_nothing():
    nobody_waits = {**NEAR, "programme.chw.minutes": 0, "setting.fac.minutes": 0}
    impatient = {**nobody_waits, "programme.chw.patience": 0, "setting.fac.patience": 0}
    assert what_differs(lived(nobody_waits), lived(impatient)) == set()


@pytest.mark.parametrize(("hours", "warned"), [(30, True), (1440, False)])
def test_a_comparison_warns_where_most_of_those_seen_had_waited_overnight(hours, warned):
    more = {**CROWDED, "programme.chw.minutes_day": hours}
    said = compare([tiny("facility-only", more=CROWDED), tiny("iccm-as-delivered", more=more)], seeds=2).to_json()
    arm = said["arms"][1]
    assert (arm["chw_waited_overnight"]["mean"] > 1 / 3) == warned
    assert any("had waited overnight" in text for text in said["warnings"]) == warned
    assert (arm["chw_turned_away"]["mean"] > 0.0) == warned
    assert said["arms"][0]["chw_waited_overnight"]["mean"] is None
