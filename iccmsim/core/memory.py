"""Room for large tables, used again: of a large one most time would go into asking the operating system for it."""

from __future__ import annotations

import sys
import threading

import numpy as np

LINE_OF_CACHE = 64  # bytes that a processor fetches at once
KEPT_ROOMS = 4  # large tables of each thread whose memory is used again
KEPT_UP_TO = 1 << 25  # bytes: larger ones go back to the operating system, since a country must fit into memory
_THREAD = threading.local()


def large_table(record: np.dtype, rows: int, *, clean: bool = True) -> np.recarray:
    """Make an empty table of records, in memory that this thread has used before if nobody holds it any more. Its rows
    begin with a line of cache. Not `clean`: with what is there."""
    size = rows * record.itemsize
    room = _room_for(size + LINE_OF_CACHE)
    first = -room.ctypes.data % LINE_OF_CACHE
    room = room[first : first + size]
    if clean:
        room[:] = 0
    return room.view(record).view(np.recarray)


def _room_for(size: int) -> np.ndarray:
    rooms = _THREAD.__dict__.setdefault("rooms", [])
    for room, held in zip(rooms, _held(rooms), strict=True):
        if room.size >= size and held <= NOBODY:
            return room
    if size > KEPT_UP_TO:
        return np.empty(size, np.uint8)
    room = np.empty(size + size // 4 + 64, np.uint8)  # somewhat larger, for the next
    rooms[:] = [*rooms[-(KEPT_ROOMS - 1) :], room]
    return room


def _held(rooms: list[np.ndarray]) -> list[int]:
    """By how many each of these is held, this list and the asking included, which Pythons count differently."""
    return [sys.getrefcount(room) for room in rooms]


NOBODY = _held([np.empty(1, np.uint8)])[0]


def bytes_of(array: np.ndarray) -> np.ndarray:
    """The bytes of an array, without a copy: numpy copies records field by field, which takes ten times as long."""
    return np.asarray(array).view(np.uint8)
