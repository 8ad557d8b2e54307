"""Search by reference: where a relationship, a person or an event is shown."""

from __future__ import annotations

from serving.desk.case.links import addresses_of_event
from serving.desk.list_view import ListView
from serving.desk.people.person import recorded_person
from serving.desk.problems import NotFound
from threat.errors import UsageError
from threat.ids import parse_id, show_id

LONGEST = 40
"""Characters of a reference that are read: twice what one has. A longer text is no reference."""

_PREFIXES = ("R", "P", "E")


def reference_in(text: str) -> str:
    """Return the reference that a text is, as the audit log writes it.

    Raises UsageError for another text, without the text: it may be a name, and no error repeats it to a log.

    >>> reference_in(" r-0123456789ABCDEF ")
    'R-0123456789abcdef'
    """
    prefix = text.strip()[:1].upper()
    if prefix in _PREFIXES and len(text.strip()) <= LONGEST:
        try:
            return show_id(prefix, parse_id(text, prefix))
        except UsageError:
            pass
    raise UsageError(
        "This is not a reference of a relationship, a person or an event.",
        way_out="a reference is R-, P- or E- and 16 digits or letters from a to f, as R-0123456789abcdef; "
        "people are not found by name",
    )


def address_of(view: ListView, reference: str) -> str:
    """Return the page that shows what a reference names; of a merged person, the page of who the person is now.

    Raises NotFound for what was not on record at the list's date.
    """
    if reference.startswith("R"):
        return f"/relationships/{show_id('R', view.recorded(reference))}"
    if reference.startswith("P"):
        return f"/people/{show_id('P', recorded_person(view, reference))}"
    addresses = addresses_of_event(view, reference)
    if not addresses:
        raise NotFound(
            "No relationship in the records the list was made from shows an event with this reference.",
            value=reference,
            way_out="copy the reference from the page of a relationship; one recorded since comes with the next list",
        )
    return addresses[0]
