"""The kind of relationship, and same-sex couples among the partners."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairness.groups.parties import Ids
from threat.asof import NEVER
from threat.history.snapshot import Snapshot

SAME_SEX_NOTE = "from the recorded sex of both parties"

_NO_SEX = ("unknown", "other")
"""Recorded words that say nothing of whether two people are of one sex."""

COUPLES = ("current_partner", "ex_partner")
"""Kinds of relationship that are couples; every other kind is family."""


def kinds(snapshot: Snapshot, relationships: Ids, as_of: Ids) -> pd.Series:
    """Kind of each relationship as stated by its as-of (UTC seconds), else as stated later; None where unknown.

    A relationship that no list covered is stated with its first incident as a rule, so after the as-of.
    """
    codes = pd.Series(snapshot.relationships.kind_at(relationships, as_of), dtype=object)
    later = pd.Series(snapshot.relationships.kind_at(relationships, NEVER), dtype=object)
    codes = codes.where(codes != "unknown", later)
    return codes.where(codes != "unknown", None)


def same_sex(first: pd.Series, second: pd.Series, kind: pd.Series) -> pd.Series:
    """Couples by whether both parties are recorded as of one sex; other kinds are *family*, a group of their own.

    Missing where a couple's sexes or the kind are not recorded, or the sexes are recorded as unknown or other:

    >>> kind = pd.Series(["ex_partner", "ex_partner", "ex_partner", "parent"])
    >>> first, second = pd.Series(["female", "female", "unknown", None]), pd.Series(["female", None, "unknown", "male"])
    >>> same_sex(first, second, kind).fillna("missing").tolist()
    ['same-sex couple', 'missing', 'missing', 'family']
    """
    first, second = (sex.where(~sex.isin(_NO_SEX)) for sex in (first, second))
    if not (first.notna() & second.notna()).any():
        return pd.Series([None] * len(kind), dtype=object)
    codes = np.where(first == second, "same-sex couple", "different-sex couple").astype(object)
    codes[(first.isna() | second.isna()).to_numpy()] = None
    # Later lines win: of a family the sexes do not matter, and without a kind nothing is known.
    codes[~kind.isin(COUPLES).to_numpy()] = "family"
    codes[kind.isna().to_numpy()] = None
    return pd.Series(codes)
