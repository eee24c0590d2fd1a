"""The records of everything that has state, and the memory they lie in."""

from __future__ import annotations

import numpy as np
import pytest

from iccmsim.core.draws import split
from iccmsim.core.memory import LINE_OF_CACHE, large_table
from iccmsim.core.records import (
    AT_FACILITY,
    BACKGROUND,
    BY_SECOND_LINE,
    CANDIDATE,
    CAUSES,
    COMPLAINTS,
    COUGH,
    COURSE,
    FIVE_YEARS,
    ILLNESSES,
    IS_HYPOXIC,
    IS_INFECTED,
    LAST_EPISODE,
    MARKS,
    N_PRODUCTS,
    NO_COMPLAINT,
    NUTRITION,
    ONLY_INDRAWING,
    OUTCOMES,
    OVER,
    PRODUCTS,
    PROVIDERS,
    RDT,
    RECORDS,
    SECOND_LINE,
    STEPS,
    TRIAGED,
    first_rows,
    names_that_clash,
    table,
)
from iccmsim.world.zone import MARGIN

# How widely the narrow fields of a course may be filled
MOST = {
    "episode": LAST_EPISODE, "signs": ONLY_INDRAWING | IS_HYPOXIC | IS_INFECTED, "illness": len(ILLNESSES),
    "wasting": len(NUTRITION), "stage": OVER, "outcome": len(OUTCOMES), "visits": MARGIN * FIVE_YEARS,
    "doses": 2**N_PRODUCTS - 1, "lacked": 2**N_PRODUCTS - 1, "seen_by": 2 ** len(PROVIDERS) - 1,
    "treated_by": 2 ** len(PROVIDERS) - 1, "first_provider": len(PROVIDERS),
}  # fmt: skip
YES_OR_NO = ("overlaps", "perceived", "was_severe", "home_asked", "referred", "referral_done", "followed")


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_no_field_has_a_name_that_numpy_uses_for_something_else(name):
    assert names_that_clash(RECORDS[name]) == set()


def test_a_clash_of_names_would_be_found():
    assert names_that_clash(np.dtype([("fill", "i4"), ("stock", "i4")])) == {"fill"}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_all_tables_of_a_kind_share_one_kind_of_row(name):
    kind = RECORDS[name]
    made = table(kind, 3), large_table(kind, 3), first_rows(table(kind, 3), 2)
    assert all(each.dtype is kind and isinstance(each, np.recarray) for each in made)
    assert len(made[2]) == 2
    assert np.shares_memory(first_rows(made[0], 2), made[0])


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_fields_are_as_wide_as_plain_numbers_but_for_some_of_courses(name):
    narrow = {field for field, (kind, *_) in RECORDS[name].fields.items() if kind.base.itemsize < 4}
    assert narrow == ({*MOST, *YES_OR_NO} if name == "course" else set())
    for field in set(RECORDS[name].names) - narrow - {"u_recognise"}:
        assert RECORDS[name][field].base.str in ("<i4", "<i8", "<f8"), field


@pytest.mark.parametrize(("field", "most"), [*MOST.items(), *((name, 1) for name in YES_OR_NO)])
def test_what_a_course_notes_in_few_bits_fits_into_them(field, most):
    assert most <= np.iinfo(COURSE[field]).max


@pytest.mark.parametrize("word", [0, 0x0001_8000, 0x7FFF_FFFE, 0xFFFF_FFFF])
def test_what_decides_whether_a_family_sees_is_kept_exactly(word):
    row = table(COURSE, 1)[0]
    for u in split(word):
        row.u_recognise = u
        assert float(row.u_recognise) == u


def test_a_large_table_begins_with_a_line_of_cache_and_is_clean_unless_it_need_not_be():
    for rows in (1, 7, 1000):
        large_table(COURSE, rows, clean=False).view(np.uint8)[:] = 0xAB
        clean = large_table(COURSE, rows)
        assert clean.ctypes.data % LINE_OF_CACHE == 0
        assert clean.tobytes() == bytes(rows * COURSE.itemsize)


def test_two_tables_in_use_share_no_memory_and_what_nobody_holds_is_used_again():
    first, second = large_table(COURSE, 300), large_table(COURSE, 300)
    assert not np.shares_memory(first, second)
    where = first.ctypes.data
    del first
    third = large_table(COURSE, 300)
    assert third.ctypes.data == where
    assert not np.shares_memory(second, third)


def test_a_candidate_fills_a_line_of_cache_and_begins_as_a_course_does():
    assert CANDIDATE.itemsize == LINE_OF_CACHE
    assert [CANDIDATE.fields[name] for name in CANDIDATE.names] == [COURSE.fields[name] for name in CANDIDATE.names]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_table_begins_with_zeros_and_its_rows_can_be_written_by_name(name):
    rows = table(RECORDS[name], 3)
    assert rows.tobytes() == bytes(rows.nbytes)
    field = next(each for each in RECORDS[name].names if not RECORDS[name][each].shape)
    setattr(rows[1], field, 7)
    assert list(rows[field]) == [0, 7, 0]
    assert getattr(rows[1], field) == 7


def test_a_table_may_have_two_dimensions():
    rows = table(RECORDS["monthly"], (2, 5))
    rows[1, 4].cases += 3
    assert rows["cases"].sum() == 3


def test_numbers_and_names_go_together():
    assert ILLNESSES[COUGH] == "cough_or_cold"
    assert CAUSES[BACKGROUND] == "background"
    assert CAUSES[:6] == ILLNESSES
    assert PRODUCTS[RDT] == "rdt"
    assert len(PROVIDERS) == 6
    assert COMPLAINTS[NO_COMPLAINT] == "none seen"
    assert len(OUTCOMES) == 6


def test_arrays_of_a_record_have_a_place_for_every_illness_product_provider_step():
    child, course, provider = RECORDS["child"], RECORDS["course"], RECORDS["provider"]
    assert child["active"].shape == (len(ILLNESSES),)
    assert child["visited"].shape == (AT_FACILITY + 1,)
    assert course["x"].shape == course["y"].shape == (BY_SECOND_LINE + 1,)
    assert provider["stock"].shape == (len(PRODUCTS),)
    assert provider["logit"].shape == provider["sure"].shape == (len(STEPS),)


def test_marks_and_products_fit_the_fields_they_are_noted_in():
    assert 1 << MARKS.index("second_line") == SECOND_LINE
    assert 1 << MARKS.index("triaged") == TRIAGED == 1 << len(MARKS) - 1
    assert TRIAGED < 1 << 31
    assert 1 << len(PRODUCTS) < 1 << 31
    # keys of draws: an illness has 4 bits, a product 8
    assert len(ILLNESSES) <= 16
    assert len(PRODUCTS) <= 256


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_records_have_no_padding_so_that_equal_rows_are_equal_bytes(name):
    record = RECORDS[name]
    assert record.itemsize == sum(kind.itemsize for kind, *_ in record.fields.values())
