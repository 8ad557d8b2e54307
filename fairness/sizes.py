"""What an audit compares, as a simulation of it needs it: cases of every group, and the rate of everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.figures import RateTerms
from threat.measuring.ranked import Ints


@dataclass(frozen=True, slots=True)
class Sizes:
    """One characteristic compared by one figure, as an audit has it.

    ``cases``: whole independent cases of each group; ``rate``: of everybody; ``recorded``: whether the group counts
    among everybody else.
    """

    figure: RateTerms
    cases: Ints
    rate: float
    recorded: NDArray[np.bool_]

    @property
    def others(self) -> Ints:
        """Cases of everybody else recorded, by group."""
        return np.where(self.recorded, self.cases[self.recorded].sum() - self.cases, self.cases[self.recorded].sum())

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Mask of the groups that can be compared."""
        return (self.cases > 0) & (self.others > 0) & (self.rate > 0)
