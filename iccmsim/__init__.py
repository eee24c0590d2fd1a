"""Agent-based simulation of integrated Community Case Management of childhood illness (iCCM).

How many child deaths would a programme of community health workers avert, how sure are we, and where are children
lost on the way to treatment?

    import iccmsim

    scenario = iccmsim.load_scenario("my_district.toml")
    result = iccmsim.simulate(scenario, seed=1)

The names below are imported when first used, so that `import iccmsim` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iccmsim.engine.simulation import Simulation
    from iccmsim.model.model import ICCMModel
    from iccmsim.parameters.scenario import load_scenario
    from iccmsim.results.result import Result, simulate
    from iccmsim.studies.compare import compare

__version__ = "0.1.0"

__all__ = ["ICCMModel", "Result", "Simulation", "__version__", "compare", "load_scenario", "simulate"]

_HOME = {
    "ICCMModel": "iccmsim.model.model",
    "Result": "iccmsim.results.result",
    "Simulation": "iccmsim.engine.simulation",
    "compare": "iccmsim.studies.compare",
    "load_scenario": "iccmsim.parameters.scenario",
    "simulate": "iccmsim.results.result",
}


def __getattr__(name: str) -> object:
    """Find a public name in the module it lives in, on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'iccmsim' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, also those that nobody has used yet."""
    return sorted({*globals(), *__all__})
