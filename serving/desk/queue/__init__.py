"""The review list: must-see items, relationships for safeguarding, and those for review in order."""
