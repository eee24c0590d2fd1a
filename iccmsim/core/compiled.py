"""The one decorator of every rule, and where compiled code is kept.

numba keeps compiled functions on disk, but does not notice when a function that is *called* has changed. So the
folder is named by a hash of all sources of this package and is set here, before the first rule is decorated.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial, partialmethod
from pathlib import Path
from typing import Any

import numba
from llvmlite.binding import Linkage
from numba.core import types
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.np import arrayobj

PACKAGE = Path(__file__).resolve().parent.parent
COMPILED_ROOMS = ("core", "rules", "world", "engine")  # no other room may use the decorator (a test holds this)
PLAIN_NUMBA = bool(os.environ.get("ICCMSIM_PLAIN_NUMBA"))  # 1: leave out what numba has no public name for
KEPT_FOLDERS = 4  # compiled copies of earlier sources that stay, so that going back to them costs nothing
STILL_USED = 7 * 86400  # seconds: another process may be running on a copy that is younger than this


def source_hash() -> str:
    """Say which rules these are: 16 hex digits of the SHA-256 of every source in the rooms that are compiled."""
    digest = hashlib.sha256()
    for file in sorted(file for room in COMPILED_ROOMS for file in (PACKAGE / room).rglob("*.py")):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_folder() -> Path | None:
    """Choose the folder of compiled code: the first place of the user's that can really be written, else none."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    named = (os.environ.get("ICCMSIM_CACHE"), os.environ.get("NUMBA_CACHE_DIR"), home, tempfile.gettempdir())
    for base in filter(None, named):
        folder = Path(base) / "iccmsim" / (source_hash() + ("-plain" if PLAIN_NUMBA else ""))
        if _can_write(folder):
            return folder
    return None


def forget_old(folder: Path, *, keep: int = KEPT_FOLDERS) -> None:
    """Remove compiled copies of earlier sources, but for the newest few and what others may be running on."""
    siblings = sorted((f for f in folder.parent.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)
    for old in siblings[:-keep]:
        if old != folder and time.time() - old.stat().st_mtime > STILL_USED:
            shutil.rmtree(old, ignore_errors=True)


def is_compiled_before() -> bool:
    """Tell whether this version's rules were compiled on this machine before (else the first run takes longer)."""
    return FOLDER is not None and any(FOLDER.rglob("*.nbi"))


FOLDER = cache_folder()
if FOLDER is not None:
    forget_old(FOLDER)
    numba.config.CACHE_DIR = str(FOLDER)

# Reference counting of arrays costs about a quarter of the run time; rules never allocate, so it can be left out.
_compile = partial(numba.njit, nogil=True, cache=FOLDER is not None, error_model="numpy",
                   **({} if PLAIN_NUMBA else {"_nrt": False}))  # fmt: skip


def rule(function: Callable | None = None, *, inline: bool = False, joined: bool = False,
         entry: bool = False) -> Callable:  # fmt: skip
    """Make a function part of the compiled rule book; with NUMBA_DISABLE_JIT=1 it stays plain Python.

    `inline` copies it into its callers before they are compiled, so that a loop over it can be vectorised. `joined`
    has the compiler put it into its callers in the end: for what is called often and handed the whole zone, since a
    call passes on all arrays of a zone word by word. `entry` is for what is called from Python and takes long: it is
    made one whole with all that it calls. The parameters are handed to it as the table of one row that they are kept
    in, a regime, whose row it takes out itself (`p = regime[0]`): of a row that comes from Python numba takes longer
    to find out of what kind it is than of all tables of a zone.

    An index is never negative in a rule: compiled it would not count from the end.
    """
    if function is None:
        return partial(rule, inline=inline, joined=joined, entry=entry)
    compiled = _compile(inline="always" if inline else "never", forceinline=joined)(function)
    if isinstance(compiled, CPUDispatcher):
        call_template = compiled.get_call_template
        compiled.get_call_template = lambda args, kws: call_template(
            tuple(_plain(a) for a in args), {name: _plain(a) for name, a in kws.items()}
        )
        if not PLAIN_NUMBA:
            compiled.compile = _our_way(compiled.compile, whole=function.__qualname__ if entry else None)
            _go_on_without(compiled._cache)
    return compiled


def _go_on_without(kept: Any) -> None:
    """Compiled code on disk saves time and no more: a damaged copy is dropped and compiled anew, and where none can be
    kept the process goes on with what it has."""
    load, save = kept.load_overload, kept.save_overload

    def load_or_drop(*asked):
        try:
            return load(*asked)
        except Exception:  # what a power cut leaves of a file ends in errors of many kinds
            with suppress(OSError):
                kept.flush()
            return None

    def save_or_say(*made):
        try:
            save(*made)
        except Exception as fault:
            _say_not_kept(getattr(fault, "strerror", None) or f"{type(fault).__name__}: {fault}")

    kept.load_overload, kept.save_overload = load_or_drop, save_or_say


@lru_cache(maxsize=1)
def _say_not_kept(why: str) -> None:
    """Say where compiled code cannot be kept, once for all rules."""
    print(f"iccmsim: {FOLDER}: compiled rules cannot be kept there ({why}); each start compiles them anew",
          file=sys.stderr)  # fmt: skip


def _our_way(compile_: Callable, *, whole: str | None) -> Callable:
    """Have numba compile a rule a little differently from what it does by itself, and nothing else.

    An index is taken as it is: numba would ask of each whether it is negative. And the copies of what an entry calls
    belong to it alone, so that they can be shaped for it: unused arguments go, what is called once is put in its place.
    """

    def compile_our_way(signature):
        with global_compiler_lock:
            index, optimize = arrayobj.fix_integer_index, CPUCodeLibrary._optimize_final_module
            arrayobj.fix_integer_index = _as_it_is
            if whole is not None:
                CPUCodeLibrary._optimize_final_module = partialmethod(_make_whole, whole, optimize)
            try:
                return compile_(signature)
            finally:
                arrayobj.fix_integer_index, CPUCodeLibrary._optimize_final_module = index, optimize

    return compile_our_way


def _as_it_is(context, builder, kind, index, size):
    """An index as it is written, as wide as a pointer."""
    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


def _make_whole(library: CPUCodeLibrary, name: str, optimize: Callable) -> None:
    """Before the library of an entry is optimised, make private to it what was linked in; names keep it apart from
    the copies of other entries."""
    if library.name == name:
        for function in library._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                function.linkage = Linkage.internal
                function.name = f"{name}.{function.name}"
    optimize(library)


def _plain(argument: types.Type) -> types.Type:
    """A constant or a narrow integer compiles as any whole number, or each rule would be compiled many times over."""
    general = types.unliteral(argument)
    return types.int64 if isinstance(general, types.Integer) else general
