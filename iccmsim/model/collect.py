"""What a `mesa.DataCollector` keeps of a model, from what was asked for; what it could not keep is refused at once."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import mesa

from iccmsim.model.agents import KINDS, OWN_NAMES, Window

STANDARD = ("n_children", "n_sick", "n_deaths", "n_chws_present", "n_chws_stocked_out")
Kinds = tuple[type[Window], ...]


def collector_of(collect: Any, *, registered: Kinds) -> mesa.DataCollector | None:
    """The collector that was asked for; its reporters can be pickled wherever those given can.

    ValueError for a kind of which no agent is registered: its table would stay empty.
    """
    if isinstance(collect, mesa.DataCollector):
        _refuse_unregistered(collect.agenttype_reporters, registered)
        return collect
    if collect is None or collect is False:
        return None
    if collect is True:
        return mesa.DataCollector(model_reporters={name: name for name in STANDARD})
    if not isinstance(collect, Mapping):
        raise TypeError(f"collect = {collect!r}: must be True, a DataCollector or a mapping of reporters")
    sections = dict(collect) if any(isinstance(each, Mapping) for each in collect.values()) else {"model": collect}
    model, everyone = sections.pop("model", {}), sections.pop("agents", {})
    strange = [key for key in sections if key not in KINDS]
    if strange:
        raise ValueError(f"collect: {strange[0]!r} is none of 'model', 'agents', "
                         f"{', '.join(kind.__name__ for kind in KINDS)}")  # fmt: skip
    _refuse_unregistered(sections, registered)
    _refuse_unshared(everyone, registered)
    by_kind = {kind: {name: _readable(each) for name, each in given.items()} for kind, given in sections.items()}
    return mesa.DataCollector(model_reporters=dict(model), agenttype_reporters=by_kind or None,
                              agent_reporters={name: _readable(each) for name, each in everyone.items()})  # fmt: skip


def _refuse_unregistered(kinds: Mapping[type, Any], registered: Kinds) -> None:
    for kind in kinds:
        if kind in KINDS and kind not in registered:
            raise ValueError(f"collect: no {kind.__name__} is registered as an agent here, only "
                             f"{' and '.join(each.__name__ for each in registered)}; agents=\"all\" registers all four "
                             "kinds")  # fmt: skip


def _refuse_unshared(reporters: Mapping[str, Any], registered: Kinds) -> None:
    """The section "agents" asks every agent, so each kind must have what is asked for."""
    for reporter in reporters.values():
        name = reporter.partition(".")[0] if isinstance(reporter, str) else "unique_id"
        without = [kind.__name__ for kind in registered if name not in OWN_NAMES and not hasattr(kind, name)]
        if without:
            having = [kind.__name__ for kind in KINDS if hasattr(kind, name)]
            hint = f"; ask one kind: {{{having[0]}: {{...}}}}" if having else ""
            raise ValueError(f"collect: 'agents' asks every agent, and {without[0]} has no attribute {name!r}{hint}")


def _readable(reporter: Any) -> Any:
    """A name becomes a function that can be pickled, which Mesa's own is not."""
    return attrgetter(reporter) if isinstance(reporter, str) else reporter
