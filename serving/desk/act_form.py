"""The form of an act as a page shows it: what was filled in, what is to mend, and the act it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.desk.form import Form, new_act_id
from serving.desk.reason_form import FieldError


@dataclass(frozen=True)
class ActForm:
    """A form of an act; nothing is chosen in one that nobody filled in.

    ``act_id``: the same however often it is sent, so that a double click is one act. ``version``: of the case that the
    page shows; None for an act that moves no case. ``carried``: hidden fields of the page's own. ``kept_until``: in
    words, where the form holds what was written before a session ended.
    """

    fields: Form = field(default_factory=Form)
    act_id: str = field(default_factory=new_act_id)
    version: int | None = None
    errors: tuple[FieldError, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)
    kept_until: str = ""

    def value(self, name: str) -> str:
        """Return the value of a field; empty for none. Of a field that was sent twice, the first: it is shown again."""
        values = self.fields.all(name)
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return self.fields.all(name)

    def error(self, name: str) -> str:
        """Return what is to mend about a field; empty for nothing."""
        return next((error.text for error in self.errors if error.field == name), "")
