"""The fairness audit: who among those later harmed was on the list, group by group, with a verdict."""
