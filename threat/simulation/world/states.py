"""What the mechanism remembers and what it writes down: record layouts shared by the kernel and its readers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Record = Any
"""One record of SUBJECT, RELATION or the parameters, as compiled code reads it: a type checker knows no fields."""
Floats = NDArray[np.float64]
Stream = NDArray[np.uint64]
"""State of a stream of random numbers, uint64[1]."""

SUBJECT = np.dtype(
    [
        # fixed
        ("crime_rate", np.float64),  # crimes that harm nobody in particular, per day
        ("substance", np.float64),  # 0 or 1
        ("mental", np.float64),  # 0 or 1
        ("firearm", np.float64),  # 0 or 1
        ("mortality", np.float64),  # hazard of a death by other causes on day 0, per day
        # moving
        ("dies", np.float64),  # day of that death, drawn ahead; a run forward draws it anew
        ("suicidal", np.float64),
        ("armed", np.float64),
        ("custody_until", np.float64),
        ("next_from", np.float64),  # a sentence that begins later
        ("next_until", np.float64),
        ("bail_until", np.float64),
        ("dead", np.float64),
    ]
)

RELATION = np.dtype(
    [
        # fixed
        ("subject", np.int64),  # within the cluster
        ("mirror", np.int64),  # the same pair the other way round, or -1
        ("entry", np.float64),  # day of the first recorded incident
        ("intimate", np.float64),
        ("children", np.float64),
        ("frequency", np.float64),  # mean number of further incidents each incident starts
        ("severity", np.float64),  # propensity to grave harm, mean 1
        ("control", np.float64),  # 0, 1 or 2
        ("mortality", np.float64),  # of the person at risk, as in SUBJECT
        # moving
        ("dies", np.float64),  # the person at risk, as in SUBJECT
        ("active", np.float64),
        ("ended", np.float64),
        ("separated", np.float64),
        ("grievance", np.float64),  # 0, 1 or 2
        ("distressed", np.float64),  # the person at risk
        ("strangled", np.float64),
        ("threatened", np.float64),
        ("armed", np.float64),
        ("stalked", np.float64),
        ("order_until", np.float64),
        ("order_kind", np.float64),
        ("plan_until", np.float64),
        ("a0", np.float64),
        ("a1", np.float64),
        ("a2", np.float64),
        ("a3", np.float64),
        ("dead", np.float64),  # either party died: nothing happens between them any more
    ]
)

RAW = np.dtype(
    [
        ("cluster", np.int32),
        ("relation", np.int32),  # row of the block's relations, or -1
        ("subject", np.int32),  # row of the block's subjects
        ("ordinal", np.int32),  # within the cluster
        ("what", np.int16),
        ("offence", np.int16),
        ("state", np.int32),  # bits of the latent state at that moment
        ("at", np.float64),  # days
        ("until", np.float64),  # days, or -1
    ]
)

PAST = -1.0e9
"""A day long before every force: the end of a state that is not in force."""
NO_END = -1.0
"""End of a raw row about something that has none."""

# What a raw row says: numbers, because compiled code writes them.
INCIDENT, CRIME, CUSTODY, RELEASE, BAIL, CHARGE, CONVICTION, ORDER = 0, 1, 2, 3, 4, 5, 6, 7
SEPARATION, RECONCILIATION, NEW_PARTNER, SUBJECT_SUICIDAL, PERSON_DISTRESSED = 8, 9, 10, 11, 12
SELF_HARM, ATTEMPT, SUICIDE, ARMED, PLAN, ARREST, GRIEVANCE, SIGNAL = 13, 14, 15, 16, 17, 18, 19, 20
OUTSIDE_CRIME, DEATH, SUBJECT_SUICIDE = 21, 22, 23

# Offences of an incident, in the order of the kernel's tables.
OFFENCES = (
    "domestic_incident",
    "assault_without_injury",
    "assault_with_injury",
    "criminal_damage",
    "harassment",
    "stalking",
    "malicious_communications",
    "coercive_control",
    "threat_to_kill",
    "non_fatal_strangulation",
    "public_order",
    "theft",
    "sexual_assault",
    "concern_for_safety",
    "breach",
    "strangulation_with_injury",
    "wounding_with_weapon",
    "injury_with_weapon",
    "rape",
    "kidnap",
    "gbh_with_intent",
    "attempted_murder",
    "manslaughter",
    "murder",
)
FIRST_GRAVE, FIRST_DEADLY, FIRST_HOMICIDE = 15, 20, 22
"""Positions, in ``OFFENCES``, from which on an offence is grave, deadly (or nearly so), a homicide."""
NOT_CRIMED = (0, 13)
"""Positions, in ``OFFENCES``, of the domestic incident and the concern for safety: called about, no crime recorded."""
STALKED, THREATENED, STRANGLED, BREACHED = 5, 8, 9, 14
"""Positions, in ``OFFENCES``, of the ordinary offences that have a part in the state of a relationship."""

# Bits of the latent state a raw row carries; those from ORDER_SHIFT on hold the kind of order.
BIT_SEPARATED, BIT_SUICIDAL, BIT_ARMED, BIT_DISTRESSED, BIT_ORDER, BIT_BAIL, BIT_ARRESTED, BIT_CHARGED = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
    128,
)
BIT_ENTRY, BIT_ESCALATING, BIT_GRIEVANCE = 256, 512, 1024
ORDER_SHIFT = 12
"""Where the kind of the order in force (two bits) begins in the state."""

# Kinds of custody and of order, in `offence` of those rows; kinds of order fit the two bits of ORDER_SHIFT.
POLICE, REMAND, SENTENCE = 0, 1, 2
NON_MOLESTATION, PROTECTION, RESTRAINING, STALKING_ORDER = 0, 1, 2, 3

# Rows of the offence weights.
BASE, SEPARATED, CONTROL, FAMILY, SEVERITY, GRAVE, GRAVE_FAMILY, DEADLY = range(8)


class Cluster(NamedTuple):
    """State of one cluster: ``subjects`` (SUBJECT) and ``relations`` (RELATION), changed in place."""

    subjects: NDArray[Any]
    relations: NDArray[Any]


class Clusters(NamedTuple):
    """States of a block's clusters on the first day, with the offsets of each and the key of its random numbers."""

    subjects: NDArray[Any]
    relations: NDArray[Any]
    subject_offsets: NDArray[np.int64]
    relation_offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]
