"""Which sections of the page of a relationship name a record, so that its card leads back to them."""

from __future__ import annotations

from collections.abc import Sequence

from serving.desk.responses.incidents import NamedIn
from serving.desk.responses.markers import Marker
from serving.desk.responses.now import NowLine
from serving.desk.responses.reasons import PanelSentence, Trigger
from threat.ids import parse_id


def named_in(
    must_see: Sequence[Trigger],
    now: Sequence[NowLine],
    markers: Sequence[Marker],
    panel: Sequence[tuple[str, PanelSentence]],
) -> dict[int, list[NamedIn]]:
    """Return the sections that name each event, by its id: in the order of the page, each section once.

    ``panel``: the sentences of the panel, each under its title, as ``sentences_of`` gives them.
    """
    named: dict[int, list[NamedIn]] = {}

    def add(event: str, section: str, title: str) -> None:
        entry, entries = NamedIn(section=section, title=title), named.setdefault(parse_id(event, "E"), [])
        if entry not in entries:
            entries.append(entry)

    for line in now:
        for said in line.sentences:
            if said.event:
                add(said.event, "now", f"Now: {line.title}")
    for trigger in must_see:
        add(trigger.event, "must-see", "Must see")
    for marker in markers:
        for lane in marker.lanes:
            for record in lane.events if lane.state == "yes" else ():
                add(record.event, "markers", f"Markers: {marker.title}")
    for title, sentence in panel:
        for event in sentence.events:
            add(event, "why", title)
    return named
