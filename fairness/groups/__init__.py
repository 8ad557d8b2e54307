"""The groups an audit compares: by both parties, their relationship, and how much is on record."""

from fairness.groups.every import characteristics
from fairness.groups.parties import Parties

__all__ = ["Parties", "characteristics"]
