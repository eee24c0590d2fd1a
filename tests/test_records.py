"""The records of everything that has state."""

from __future__ import annotations

import numpy as np
import pytest

from iccmsim.core.records import (
    BACKGROUND,
    CAUSES,
    COMPLAINTS,
    COUGH,
    ILLNESSES,
    MARKS,
    MECHANISMS,
    NO_COMPLAINT,
    OUTCOMES,
    PRODUCTS,
    PROVIDERS,
    RDT,
    RECORDS,
    SECOND_LINE,
    STEPS,
    names_that_clash,
    table,
)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_no_field_has_a_name_that_numpy_uses_for_something_else(name):
    assert names_that_clash(RECORDS[name]) == set()


def test_a_clash_of_names_would_be_found():
    assert names_that_clash(np.dtype([("fill", "i4"), ("stock", "i4")])) == {"fill"}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_fields_are_as_wide_as_plain_numbers(name):
    for field, (kind, *_) in RECORDS[name].fields.items():
        assert kind.base.str in ("<i4", "<i8", "<f8"), field


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
    assert len(PROVIDERS) == 5
    assert COMPLAINTS[NO_COMPLAINT] == "none seen"
    assert len(OUTCOMES) == 6


def test_arrays_of_a_record_have_a_place_for_every_illness_product_provider_step():
    child, course, provider = RECORDS["child"], RECORDS["course"], RECORDS["provider"]
    assert child["active"].shape == (len(ILLNESSES),)
    assert child["visited"].shape == (len(PROVIDERS) - 1,)
    assert course["x"].shape == course["y"].shape == (len(MECHANISMS),)
    assert provider["stock"].shape == (len(PRODUCTS),)
    assert provider["logit"].shape == provider["sure"].shape == (len(STEPS),)


def test_marks_and_products_fit_the_fields_they_are_noted_in():
    assert 1 << MARKS.index("second_line") == SECOND_LINE == 1 << len(MARKS) - 1
    assert SECOND_LINE < 1 << 31
    assert 1 << len(PRODUCTS) < 1 << 31
    # keys of draws: an illness has 4 bits, a product 8
    assert len(ILLNESSES) <= 16
    assert len(PRODUCTS) <= 256


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_records_have_no_padding_so_that_equal_rows_are_equal_bytes(name):
    record = RECORDS[name]
    assert record.itemsize == sum(kind.itemsize for kind, *_ in record.fields.values())
