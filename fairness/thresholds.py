"""From where on a check for faults no longer believes in chance."""

LEVEL = 1e-4
"""Probability, over all cells of a check together, at which chance is no longer believed: an audit is made a few times
a year, so a false alarm comes once in a lifetime."""

FEW = 20
"""Rows of a group below which equal labels or scores say nothing."""

CLEAR = 1.5
"""Least ratio of two label rates that is called a jump: with many rows a test finds differences that do not matter."""
