"""Model cards: the evidence of a RUN as a page a governance reviewer signs, and as JSON and ATRS."""
