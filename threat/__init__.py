"""The domain of a threat assessment unit: history, eligibility, outcomes, releases, simulation."""

from threat.errors import BadInput, GateRefused, IntegrityFailure, ThreatError, UsageError

__version__ = "0.1.0"

__all__ = ["BadInput", "GateRefused", "IntegrityFailure", "ThreatError", "UsageError", "__version__"]
