"""The run: how long the model looks back, on, and beyond the window."""

from __future__ import annotations

from iccmsim.parameters.declare import Parameter, parameters


def days(key: str, default: int, low: int, high: int, *, says: str) -> Parameter:
    """Declare a length of time of the run."""
    return Parameter(key, default, unit="days", allowed=(low, high), plausible=None, distribution="fixed",
                     source="a choice of the study", grade="D", says=says, note="a choice of the study",
                     integer=True, dated=False)


PARAMETERS = parameters(
    "run",
    days("run.days", 1826, 1, 14610, says="The window in which deaths are counted, from launch; five years. "
         "Runs of another length have other children and cannot be paired."),
    days("run.warmup_days", 365, 0, 3650,
         says="The time before launch, under the status quo, in every arm alike."),
    days("run.tail_days", 366, 0, 3650,
         says="The run-on after the window, for deaths put off rather than averted. "
         "With another tail the window has other children too."),
)
