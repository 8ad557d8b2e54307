"""Point-in-time features of relationships: definitions as data, two engines that agree, the events behind a value."""

from features.definitions import Definition
from features.engines.fold.build import build, build_to
from features.engines.fold.late import late_known
from features.engines.reference.build import lineage, value
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from features.sentences import sentence

__all__ = [
    "Catalogue",
    "Definition",
    "Matrix",
    "build",
    "build_to",
    "late_known",
    "lineage",
    "load_catalogue",
    "sentence",
    "value",
]
