"""Children, households, CHWs and health facilities as Mesa agents: each a window on one row, with no state of its own.

Reading an attribute reads the cell of that name in the zone's arrays (`core/records.py` says what each one means),
writing it writes the cell: the engine finds it there on the next day. Windows look the arrays up through the
simulation each time, because a zone gets new ones when its CHWs are launched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

from iccmsim.core.records import ALIVE, CAUSES, CHILD, HOUSEHOLD, ILLNESSES, MINUTES, PRODUCTS, PROVIDER

if TYPE_CHECKING:
    from iccmsim.model.model import ICCMModel
    from iccmsim.world.zone import Zone

STATES = ("unborn", "alive", "dead", "aged_out")
MESA_OWN = ("model", "unique_id", "pos")  # what Mesa keeps in each agent
OWN_NAMES = (*MESA_OWN, "zone_index", "row")  # all that a window holds
MOST_DOSES = 2**31 - 1


class Cell:
    """One field of a window's row: whole numbers and floats as Python's own, vectors as a copy that cannot be written.

    A vector is therefore written as a whole: `chw.kit = [...]`.
    """

    def __init__(self, name: str, record: np.dtype) -> None:
        self.name = name
        self.is_vector = bool(record[name].shape)
        self.is_whole = record[name].base.kind == "i"

    def __get__(self, window: Window | None, owner: type | None = None) -> Any:
        if window is None:
            return self
        column = window.table[self.name]
        if not self.is_vector:
            return column.item(window.row)
        vector = np.array(column[window.row])
        vector.flags.writeable = False
        return vector

    def __set__(self, window: Window, value: Any) -> None:
        if self.is_whole and np.any(np.asarray(value) != np.floor(value)):
            raise ValueError(f"{type(window).__name__}.{self.name} = {value}: must be whole")
        window.table[self.name][window.row] = value
        window.model.note_written(window, self.name)


def shows(record: np.dtype) -> Callable[[type], type]:
    """Give a kind of window every field of its record, but for those that it shows in a friendlier way itself."""

    def with_cells(kind: type) -> type:
        for name in record.names:
            if not hasattr(kind, name):
                setattr(kind, name, Cell(name, record))
        return kind

    return with_cells


@lru_cache(maxsize=1000)
def no_such(kind: type, name: str) -> str:
    """What is wrong with an attribute that a kind of agent does not have, and which it may have been meant to be."""
    known = sorted(each for each in {*dir(kind), *MESA_OWN} if not each.startswith("_"))
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}?" if near else "dir() lists those it has"
    return f"{kind.__name__} has no attribute {name!r}; {meant}"


class _Unnumbered:
    """Mesa 3.3 numbers agents by a dict on the class, which keeps every model for ever; windows have numbers."""

    def __getitem__(self, model: mesa.Model) -> Any:
        return iter((0,))


class Window(mesa.Agent):
    """A row seen as an agent: it holds the zone's index and the row number, and that is all.

    `unique_id` follows from what it is and where: the same child has the same one in every arm and every copy. Numbers
    of CHWs move when one is added in a zone before theirs (`add_chw`); `key` is one CHW's through the whole run.
    `remove()` takes the window out of the model's agents; it does nothing to the person.
    """

    _ids = _Unnumbered()
    order: ClassVar[int]
    rows_before: ClassVar[int] = 0  # rows of its table that are something else

    def __init__(self, model: ICCMModel, zone_index: int, row: int, *, registered: bool = True) -> None:
        self.zone_index, self.row = zone_index, row
        if registered:
            super().__init__(model)
        else:
            self.model, self.pos = model, None
        self.renumber()

    def renumber(self) -> None:
        """Its number among all agents, from what it is and where."""
        self.unique_id = 4 * self.district_number + self.order + 1

    @classmethod
    def count(cls, zone: Zone) -> int:
        """How many rows of a zone are of this kind."""
        return len(cls.table_of(zone)) - cls.rows_before

    @classmethod
    def shown(cls, zone: Zone) -> np.ndarray:
        """Which of them are there today: all, but for children."""
        return np.ones(cls.count(zone), bool)

    @staticmethod
    def table_of(zone: Zone) -> np.ndarray:
        """The table of a zone that has a row for each."""
        raise NotImplementedError

    @property
    def zone(self) -> Zone:
        """The arrays of its zone, as they are now."""
        return self.model.simulation.runs[self.zone_index].zone

    @property
    def table(self) -> np.ndarray:
        """The table it is a row of, as a plain array: a record array takes twice as long to name a column."""
        return self.table_of(self.zone).view(np.ndarray)

    @property
    def key(self) -> tuple[int, int, int]:
        """What it is, in which zone, in which row."""
        return self.order, self.zone_index, self.row

    @property
    def district_number(self) -> int:
        """Its number when the district is counted through, zone by zone, as in the tables of a result."""
        return self.model.first_of(type(self))[self.zone_index] + self.row - self.rows_before

    @property
    def facility(self) -> HealthFacility:
        """The first-level health facility of its zone."""
        return self.model.window(HealthFacility, self.zone_index, 0)

    def remove(self) -> None:
        """Take this window, not the person, out of the model's agents."""
        super().remove()
        self.model.forget(self)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(no_such(type(self), name))

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name) and name not in OWN_NAMES and name[0] != "_":
            raise AttributeError(no_such(type(self), name))
        object.__setattr__(self, name, value)


@shows(CHILD)
class Child(Window):
    """A child under five, or one that was or will be: `state` says which."""

    order = 3

    @staticmethod
    def table_of(zone: Zone) -> np.ndarray:
        """The children of a zone."""
        return zone.child

    @classmethod
    def shown(cls, zone: Zone) -> np.ndarray:
        """Those who live and are under five."""
        return zone.child["state"] == ALIVE

    @property
    def state_name(self) -> str:
        """Unborn, alive, dead or aged out."""
        return STATES[self.state]

    @property
    def is_alive(self) -> bool:
        """Living and under five."""
        return self.state == ALIVE

    @property
    def age_days(self) -> float:
        """Age now, or at death or fifth birthday; negative before birth."""
        until = self.end if self.end >= 0 else self.model.simulation.day * MINUTES
        return (until - self.birth) / MINUTES

    @property
    def illnesses(self) -> list[str]:
        """Names of the illnesses it has now."""
        return [name for k, name in enumerate(ILLNESSES) if self.ill & 1 << k]

    @property
    def is_sick(self) -> bool:
        """Has an illness now."""
        return self.is_alive and self.ill > 0

    @property
    def is_severely_ill(self) -> bool:
        """Has a severe illness now."""
        return self.is_alive and self.severe > 0

    @property
    def cause_of_death(self) -> str | None:
        """Its name, None for who has not died."""
        return CAUSES[self.cause] if self.cause >= 0 else None

    @property
    def family(self) -> Household:
        """The household it lives in (`household` is that one's row)."""
        return self.model.window(Household, self.zone_index, self.household)

    @property
    def served_by(self) -> CommunityHealthWorker | None:
        """The CHW of its family, None where there is none."""
        return self.family.served_by


@shows(HOUSEHOLD)
class Household(Window):
    """A family: where it lives, what it owns, whom it trusts, which CHW serves it."""

    order = 2

    @staticmethod
    def table_of(zone: Zone) -> np.ndarray:
        """The households of a zone."""
        return zone.household

    @property
    def children(self) -> list[Child]:
        """Its living children under five."""
        child = self.zone.child
        rows = np.flatnonzero((child["household"] == self.row) & (child["state"] == ALIVE))
        return [self.model.window(Child, self.zone_index, row) for row in rows.tolist()]

    @property
    def served_by(self) -> CommunityHealthWorker | None:
        """Its CHW, None where there is none (`chw` is that one's row, or -1)."""
        return self.model.window(CommunityHealthWorker, self.zone_index, self.chw) if self.chw > 0 else None

    @property
    def village_number(self) -> int:
        """Its village's number in the district."""
        return int(self.zone.village["number"][self.village])


class Doses(dict):
    """Doses by product as they were when asked for; what is on the shelf is changed by `set_stock`."""

    def _refuse(self, *_: Any, **__: Any) -> None:
        raise TypeError("this is a copy of what is on the shelf; set_stock(product, doses) changes the shelf")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = setdefault = clear = _refuse

    def __reduce__(self) -> tuple:
        return (Doses, (dict(self),))


class Provider(Window):
    """What a CHW and a health facility have in common: a shelf with doses, and being there or not."""

    @staticmethod
    def table_of(zone: Zone) -> np.ndarray:
        """The facility and the CHWs of a zone."""
        return zone.provider

    @property
    def stock(self) -> Doses:
        """Doses on the shelf by product."""
        return Doses(zip(PRODUCTS, self.table["stock"][self.row].tolist(), strict=True))

    @stock.setter
    def stock(self, doses: Mapping[str, int] | Sequence[int]) -> None:
        given = doses if isinstance(doses, Mapping) else dict(zip(PRODUCTS, doses, strict=True))
        for product, number in given.items():
            self.set_stock(product, number)

    def set_stock(self, product: str, doses: int) -> None:
        """Put this many doses of a product on the shelf, whatever was there: doses appear or vanish unaccounted."""
        if product not in PRODUCTS:
            near = get_close_matches(str(product), PRODUCTS, n=1) or PRODUCTS
            raise KeyError(f"no product {product!r}; did you mean {' or '.join(near)}?")
        if doses != int(doses) or not 0 <= doses <= MOST_DOSES:
            raise ValueError(f"{product} = {doses}: doses are whole, 0 to {MOST_DOSES}")
        self.table["stock"][self.row, PRODUCTS.index(product)] = int(doses)
        self.model.note_written(self, "stock")

    @property
    def is_present(self) -> bool:
        """At work on the day that has just passed; for a facility, open."""
        return self.present == 1


@shows(PROVIDER)
class CommunityHealthWorker(Provider):
    """A CHW's post, with whoever holds it."""

    order = 1
    rows_before = 1

    @property
    def is_in_post(self) -> bool:
        """Somebody holds the post."""
        return self.vacant_until < 0

    @property
    def households(self) -> list[Household]:
        """The households that this CHW serves."""
        rows = np.flatnonzero(self.zone.household["chw"] == self.row)
        return [self.model.window(Household, self.zone_index, row) for row in rows.tolist()]


@shows(PROVIDER)
class HealthFacility(Provider):
    """The first-level health facility of a zone."""

    order = 0

    @classmethod
    def count(cls, zone: Zone) -> int:
        """One in each zone."""
        return 1

    @property
    def chws(self) -> list[CommunityHealthWorker]:
        """The CHWs whom it supplies."""
        rows = range(1, len(self.table))
        return [self.model.window(CommunityHealthWorker, self.zone_index, row) for row in rows]


KINDS: tuple[type[Window], ...] = (HealthFacility, CommunityHealthWorker, Household, Child)
