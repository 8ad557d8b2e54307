"""Point-in-time features of relationships: definitions as data, two engines that agree, the events behind a value."""

from features.build import build, build_to
from features.definitions import Definition
from features.late import late_known
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from features.reference import lineage, value
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
