"""Archives of a release for an outsider: written by ``threat archive``, checked by ``threat verify-release``."""
