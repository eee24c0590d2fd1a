"""What families do for whom there is no turn today: wait over some nights, or go elsewhere at once."""

from __future__ import annotations

import numpy as np
import pytest
from small import NEAR, lived, only_if_compiled, tiny, what_differs
from world import DAY, KEY, MANY, a_child, assert_share, parameters

from iccmsim.core.records import AT_CHW, AT_FACILITY, DEAD, DIED, FOUND_CLOSED, MISSED_CHW, TURNED_AWAY
from iccmsim.parameters.catalogue import of_section
from iccmsim.rules.care_seeking import leaves_the_line
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
    for patience, run in lines.items():
        visits, books = at_chws(run), run.zone.monthly[1:]
        seen = visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0
        assert books["waited"].sum() == (seen & (nights(visits) > 0)).sum()
        assert books["turned_away"].sum() == (visits["marks"] & TURNED_AWAY > 0).sum()
        vain = visits["marks"] & TURNED_AWAY > 0
        ended = (vain | (nights(visits) > 0)).sum()  # seen later, turned away, or waited and then found nobody
        got_well = {0: 1.02, 1: 1.2, 2: 1.35, 5: 1.7}[patience]  # or died in the line; each night of waiting adds some
        assert ended <= books["no_turn"].sum() <= got_well * ended
        nights_in_line = nights(visits).sum() + vain.sum()
        assert patience == 0 or books["no_turn"].sum() < 0.7 * nights_in_line  # once for each child, not each night


def test_who_dies_in_the_line_had_come_to_the_chw(lines):
    run = lines[5]
    children, courses = run.zone.child, run.course
    in_line = (children["state"] == DEAD) & (children["going_to"] == AT_CHW) & (children["waits_since"] >= 0)
    fatal = courses[(courses["outcome"] == DIED) & in_line[courses["child"]]]
    fatal = fatal[fatal["onset"] < children["waits_since"][fatal["child"]]]
    assert len(fatal) > 0
    assert (fatal["seen_by"] & 1 << MISSED_CHW > 0).all()


@pytest.mark.parametrize("hours", [20, 29, 45])
def test_hours_are_not_cut_to_whole_consultations(lines, hours):
    run = lived({**CROWDED, "programme.chw.patience": 2, "programme.chw.minutes_day": hours}).runs[0]
    books, whole = run.zone.monthly[1:], lines[2].zone.monthly[1:]
    assert books["cases"].sum() == pytest.approx(whole["cases"].sum() * hours / 30, rel=0.06)
    assert books["minutes"].sum() <= hours * books["days_present"].sum() + 30


def test_where_nobody_has_to_wait_patience_changes_nothing():
    nobody_waits = {**NEAR, "programme.chw.minutes": 0, "setting.fac.minutes": 0}
    impatient = {**nobody_waits, "programme.chw.patience": 0, "setting.fac.patience": 0}
    assert what_differs(lived(nobody_waits), lived(impatient)) == set()


@pytest.mark.parametrize(("hours", "patience", "warned"), [(30, 2, True), (30, 0, True), (1440, 2, False)])
def test_a_comparison_warns_where_many_have_no_turn_whether_they_wait_or_not(hours, patience, warned):
    only_if_compiled()
    more = {**CROWDED, "programme.chw.minutes_day": hours, "programme.chw.patience": patience}
    said = compare([tiny("facility-only", more=CROWDED), tiny("iccm-as-delivered", more=more)], seeds=2).to_json()
    arm = said["arms"][1]
    assert (arm["chw_no_turn"]["mean"] > 1 / 3) == warned
    assert (arm["chw_waited_overnight"]["mean"] > 0.0) == (warned and patience > 0)
    assert any("were not seen that day" in text for text in said["warnings"]) == warned
    assert said["arms"][0]["chw_no_turn"]["mean"] is None


def test_it_warns_of_the_comparator_too_where_that_has_chws():
    only_if_compiled()
    long_hours = tiny("iccm-as-delivered", name="long hours", more={**CROWDED, "programme.chw.minutes_day": 1440})
    said = compare([tiny("iccm-as-delivered", name="crowded", more=CROWDED), long_hours], seeds=2).to_json()
    (warned,) = (text for text in said["warnings"] if "were not seen that day" in text)
    assert warned.startswith(f"crowded: {100 * said['arms'][0]['chw_no_turn']['mean']:.0f} % of those who came")


def test_a_stated_share_of_those_without_a_turn_goes_elsewhere_at_once():
    p = parameters(chw_elsewhere=0.3)
    left = [bool(leaves_the_line(a_child(going_to=AT_CHW), p, KEY, who, 100)) for who in range(MANY)]
    assert_share(sum(left), MANY, 0.3)


def test_they_are_somewhere_else_the_same_day_or_on_the_way_and_the_others_wait_as_before():
    run = lived({**CROWDED, "programme.chw.elsewhere": 0.3, "seek.second": 0}).runs[0]
    visits = run.zone.visit[: run.zone.n[1]]
    vain = visits[(visits["provider"] == AT_CHW) & (visits["marks"] & TURNED_AWAY > 0)]
    assert set(nights(vain)) == {0, 2}
    left = vain[nights(vain) == 0]
    assert len(left) > 100
    there = {(v["child"], v["minute"] // DAY) for v in visits[visits["provider"] != AT_CHW]}
    found = [bool({(v["child"], v["minute"] // DAY), (v["child"], v["minute"] // DAY + 1)} & there) for v in left]
    assert np.mean(found) > 0.9  # some are well before they arrive


def test_nobody_who_has_tried_elsewhere_today_leaves_a_second_line():
    p = parameters(chw_elsewhere=1.0)
    assert leaves_the_line(a_child(going_to=AT_CHW), p, KEY, 7, 100)
    for tired in ({"attempt": 1}, {"waits_since": 99 * DAY}, {"going_to": AT_FACILITY}):
        assert not leaves_the_line(a_child(**{"going_to": AT_CHW, **tired}), p, KEY, 7, 100)
    assert not leaves_the_line(a_child(going_to=AT_CHW), parameters(chw_elsewhere=0.0), KEY, 7, 100)


def test_of_those_who_cannot_wait_as_many_go_elsewhere_whatever_share_would_leave_a_line():
    impatient = {**CROWDED, "programme.chw.patience": 0}
    assert what_differs(lived(impatient), lived({**impatient, "programme.chw.elsewhere": 1})) == set()
    for key in ("chw.patience", "chw.elsewhere"):
        assert "seek.second" in of_section("programme")[key].says


def test_without_a_line_there_is_none_to_leave():
    assert what_differs(lived({**NEAR, "programme.chw.minutes": 0}),
                        lived({**NEAR, "programme.chw.minutes": 0, "programme.chw.elsewhere": 1})) == set()  # fmt: skip
