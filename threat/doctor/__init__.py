"""``threat doctor``: the state of an installation and its folders, read and never changed."""
