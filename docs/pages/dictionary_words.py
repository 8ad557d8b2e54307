"""The words that the data dictionary explains before its definitions."""

from __future__ import annotations

WORDS = {
    "As-of": """the instant a relationship is scored. A record is read when the force could have known it before that
        instant and had not withdrawn it: what counts is when it was *recorded*, not when it happened""",
    "Window": """a window of *d* days holds what happened from *d* days before the as-of up to, and without, the as-of.
        *All history*: no limit. A day is 86,400 seconds""",
    "Incident": """what happened once, however many records it has. Of the records that a definition reads, the latest
        is the instant of the incident (days since, gaps, the latest incident), and an incident is in a window when one
        of them is""",
    "Harm index": """days per kind of event from `threat/harm.csv`: the gravest record of each incident, then summed.
        An incident that is no crime has 1 day where a record says domestic incident, and 0 for every other kind that
        is no crime (surveillance, a threat to children). The shipped days are approximate. An index of sentencing says
        little of coercion, which has its own counts""",
    "Equal times": """the order of records is by when they happened, when they were recorded, then by gravity: harm
        days, kind in the order of the vocabulary, code in its order (gravest first), value, domestic; of those equal in
        that and in the role, the one that lasts longer (an open end lasts longest), then by who reported it, then what
        the unit did not do itself, then a fact rather than an assessment. The gravest of equals is the
        latest. Numbers of records decide nothing""",
    "Who is who": """two records found to be one person are one from when the link was recorded until it is withdrawn;
        of two links of one record in force the one recorded last counts, of two recorded in one second the one of the
        greater score (none given is the greatest), then the one to the person whom more events on record by then
        name""",
    "Course of conduct": """stalking from March to May happened in May, its end, and began in March: only figures of
        the first event read its beginning""",
    "State": """living together, a caring role, a marker: in force from its beginning to its end, or until an event
        ends it. How often staff wrote it down changes nothing""",
    "Answer": """an answer on an assessment form holds for 365 days, one about pregnancy for 548; an older one is
        missing, not "no" """,
    "Every kind": """all kinds that happen: not those known in advance, not a record that withdraws another, not the
        record of what two persons are to each other""",
    "End of a stay": """a stay, order or state whose end is the as-of itself is over: 0 days since it""",
    "Domestic": """a record that says so; and, since forces leave the flag out, a record without the flag while the
        subject and the person at risk whom it names stand in a relationship by other records. Everything else is not
        domestic: a crime without the flag whose victim is not known is no domestic incident""",
    "Proactive": "contacts made by the unit itself never count",
    "Custody is not clean time": """days since run through custody. Those of what the system did carry no direction;
        those of harms say by theirs that one harm more never lowers, not that quiet in custody is safety. The rate of
        incidents is over days at liberty only. In these figures that leaves out the stays of the kind `custody` alone,
        an open one up to the as-of. Who is considered for a list (`threat/policy.yaml`) leaves out holds and detentions
        under mental-health powers too""",
    "Known in advance": """releases, bail ends and order expiries enter only as days until, and only when recorded
        before the as-of""",
    "Truncated": """where a window reaches back before the records begin, the figure is marked: before the earliest of
        the sources that send any of its kinds. A source that came later changes no mark""",
    "Missing": """never filled in on a page: each definition says what it means. A model reads the end of least risk in
        its place where the figure has a direction""",
    "Base": """read by the base of the model, the regression that LightGBM's trees are added to (`docs/training.md`). A
        coefficient of the base keeps the direction, and being missing has a coefficient of its own""",
}
"""What each means, in the order of the page."""
