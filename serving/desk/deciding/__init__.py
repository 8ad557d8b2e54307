"""Pages of deciding: the views of the person at risk, safe contact, the decision, and what needs two people."""
