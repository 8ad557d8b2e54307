"""The small force that several tests read."""

from __future__ import annotations

from threat.simulation.force import Settings

SMALL = Settings(relationships=2500, years=4, seed=11)
