"""Tiny worlds made by hand: one child, one course, one family, one provider, and what rules them."""

from __future__ import annotations

import math
from functools import lru_cache

import numba
import numpy as np

from iccmsim.core.records import (
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    CANDIDATE,
    CHILD,
    COURSE,
    DUE,
    HOUSEHOLD,
    MILD,
    MONTHLY,
    N_PRODUCTS,
    NEVER,
    NEWBORN,
    NO_COMPLAINT,
    PROVIDER,
    SEVERE,
    STEPS,
    VILLAGE,
    VISIT,
    table,
)
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.kernel import kernel_record, reckon_chances
from iccmsim.parameters.scenario import load_scenario
from iccmsim.world.zone import Zone

KEY = (20_260, 7)
DAY = 1440
PLAIN = bool(numba.config.DISABLE_JIT)
MANY = 1000 if PLAIN else 3000  # draws of a test that takes its interval from theory

ONSET = 100 * DAY
WORSENS = ONSET + 2 * DAY
KILLS = ONSET + 5 * DAY
MENDS = ONSET + 4 * DAY


@lru_cache(maxsize=1)
def delivered() -> dict:
    """The values of the programme at whose usual skill the chances of steps are stated."""
    return load_scenario("sahel/iccm-as-delivered").values()


@lru_cache(maxsize=256)
def _record(changed: tuple) -> np.recarray:
    key_of = {each.field: each.key for each in all_parameters()}
    declared = {key_of[name]: value for name, value in changed if name in key_of}
    record = kernel_record(delivered() | declared, reference=delivered())
    for name, value in changed:
        if name not in key_of:
            record[name][0] = value
    reckon_chances(record[0])
    return record


def _frozen(value: object) -> object:
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple | np.ndarray) else value


def parameters(**changed: object) -> np.record:
    """The numbers of the programme as delivered, but for some; derived ones (`sev`) may be set too."""
    return _record(tuple((name, _frozen(value)) for name, value in changed.items())).copy()[0]


def _row(record: np.dtype, defaults: dict, fields: dict) -> np.record:
    row = table(record, 1)[0]
    for name, value in {**defaults, **fields}.items():
        row[name] = value
    return row


def a_child(**fields: object) -> np.record:
    """A child of a year and a half that is well."""
    defaults = {
        "birth": ONSET - 550 * DAY,
        "leaves": NEVER + 1,
        "state": ALIVE,
        "end": -1,
        "cause": -1,
        "complaint": NO_COMPLAINT,
        "sick_at": -1,
        "content_until": -1,
        "waits_since": -1,
        "act_at": -1,
        "follow_day": -1,
        "active": -1,
        "visited": -NEVER // 2,
    }
    defaults["due"] = fields.get("leaves", defaults["leaves"])
    return _row(CHILD, defaults, fields)


def some_courses(*fields: dict) -> np.recarray:
    """Courses of one child, one row each, with the times above; not begun yet."""
    rows = table(COURSE, max(1, len(fields)))
    for row, given in zip(rows, fields, strict=False):
        defaults = {
            "onset": ONSET,
            "worsens": WORSENS,
            "kills": KILLS,
            "mends": MENDS,
            "due": ONSET,
            "stage": DUE,
            "u_worsen": 0.5,
            "u_die": 0.5,
            "u_recognise": 0.5,
            "first_care": -1,
            "first_formal": -1,
            "first_provider": -1,
        }
        for name, value in {**defaults, **given}.items():
            if name in ("x", "y"):  # of the first mechanisms; the others have done nothing
                row[name][: len(value)] = value
            else:
                row[name] = value
    return rows


def with_courses(*fields: dict, **of_child: object) -> tuple[np.record, np.recarray]:
    """A child and the courses of illness that lie just before it or that it suffers from."""
    child, courses = a_child(**of_child), some_courses(*fields)
    for i, course in enumerate(courses[: len(fields)]):
        child.active[course.illness] = i
        child.due = min(child.due, course.due)
        child.afoot |= 1 << course.illness
        if course.stage >= MILD:
            child.ill |= 1 << course.illness
        if course.stage == SEVERE:
            child.severe |= 1 << course.illness
    return child, courses


def a_sick_child(illness: int, *, severe: bool = False, **of_course: object) -> tuple[np.record, np.recarray]:
    """A child who suffers from one illness since ONSET."""
    stage = SEVERE if severe or illness == NEWBORN else MILD
    due = KILLS if stage == SEVERE else WORSENS
    if illness == NEWBORN:
        of_course = {"worsens": ONSET} | of_course
    return with_courses({"illness": illness, "stage": stage, "due": due} | of_course)


def a_course(illness: int, **fields: object) -> np.record:
    """One course of illness that is being suffered."""
    return some_courses({"illness": illness, "stage": MILD, "due": WORSENS} | fields)[0]


def a_household(**fields: object) -> np.record:
    """A household of mean wealth and no particular taste, 4 km from the health centre, with a CHW at 1 km."""
    defaults = {
        "chw": 1,
        "wealth": 1.0,
        "km_facility": 4.0,
        "km_hospital": 30.0,
        "km_chw": 1.0,
        "used_day": -1,
    }
    return _row(HOUSEHOLD, defaults, fields)


def a_village(**fields: object) -> np.record:
    """A village without memories."""
    return _row(VILLAGE, {}, fields)


def a_provider(kind: int = AT_CHW, *, sure: float = 1.0, stock: int = 10, **fields: object) -> np.record:
    """A CHW (or health centre) at work who does each step with chance `sure`, or `danger=...` and so on."""
    steps = {name: fields.pop(name) for name in STEPS if name in fields}
    defaults = {
        "number": 1,
        "kind": kind,
        "present": 1,
        "vacant_until": -1,
        "supervised_day": -1,
        "visit_day": -1,
        "mentored_day": -1,
        "motivation": 0.86,
        "stocked": 1.0,
        "stock": stock,
        "sure": sure,
        "coming_day": -1,
        "kit": 20.0,
    }
    row = _row(PROVIDER, defaults, fields)
    for name, chance in steps.items():
        row.sure[STEPS.index(name)] = chance
    return row


def some_providers(**facility: object) -> np.recarray:
    """A health centre alone, as a zone's table of providers."""
    rows = table(PROVIDER, 1)
    rows[0] = a_provider(AT_FACILITY, **facility)
    return rows


def a_zone(child: np.record, courses: np.recarray, *chws: np.record) -> Zone:
    """A zone of one family and one child with these courses, its health centre in row 0 and these CHWs."""
    rows = table(CHILD, 1), table(HOUSEHOLD, 1), table(VILLAGE, 1), table(PROVIDER, 1 + len(chws))
    rows[0][0], rows[1][0], rows[2][0], rows[3][0] = child, a_household(), a_village(), a_provider(AT_FACILITY)
    for row, chw in enumerate(chws, start=1):
        rows[3][row] = chw
    days = KILLS // DAY + 10
    return Zone(
        child=rows[0],
        candidate=table(CANDIDATE, 1),
        order=np.zeros(0, np.int64),
        course=courses,
        household=rows[1],
        village=rows[2],
        provider=rows[3],
        monthly=table(MONTHLY, (1 + len(chws), 1)),
        visit=table(VISIT, 4),
        stock_by_day=np.zeros((1, 1 + len(chws), N_PRODUCTS), np.int32),
        days=np.full((days, 4), -1, np.int64),
        lists=np.full((8, 2), -1, np.int64),
        wake=np.zeros(2, np.int64),
        words=np.zeros((4, 2), np.int64),
        lure=np.zeros((3, 2)),
        n=np.zeros(8, np.int64),
    )


def a_month() -> np.record:
    """An empty line of a provider's monthly ledger."""
    return _row(MONTHLY, {}, {})


def a_visit(provider: int = AT_CHW, given: int = 0, dose: float = 1.0) -> np.record:
    """A line of the register: where, and what was handed out in doses of one size."""
    return _row(VISIT, {}, {"provider": provider, "given": given, "dose": dose})


def bits(*numbers: int) -> int:
    """Products (or providers) as the bits in which they are noted."""
    return sum(1 << number for number in numbers)


def assert_share(hits: int, n: int, chance: float) -> None:
    """A count agrees with its binomial expectation: |z| below 4, exactly where the chance is 0 or 1."""
    spread = math.sqrt(n * chance * (1.0 - chance))
    assert abs(hits - n * chance) <= 4.0 * spread, f"{hits} of {n}, expected {n * chance:.1f} +- {spread:.1f}"


def assert_mean(values: object, mean: float, sd: float) -> None:
    """A mean of independent values agrees with theory: |z| below 4."""
    values = np.asarray(values, float)
    error = sd / math.sqrt(len(values))
    assert abs(values.mean() - mean) <= 4.0 * error, f"mean {values.mean():.5g}, expected {mean:.5g} +- {error:.2g}"
