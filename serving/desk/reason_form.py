"""The form that asks why something closed is opened: a reason to choose, and the reader's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.desk.form import Form

SHORTEST, LONGEST = 5, 500
"""Characters of the words. Five is the least that can name a purpose ("audit"); 500 say it in any script."""


@dataclass(frozen=True)
class FieldError:
    """First thing to mend in a form that was sent: in words, and the id of its field."""

    text: str
    field: str


@dataclass(frozen=True)
class ReasonForm:
    """What a form was sent with; empty for a form that nobody filled in.

    ``choices``: titles by code. ``prefix``: of the ids of its fields, where a page has two such forms. ``about``: what
    is opened, in the sentence of an error.
    """

    choices: Mapping[str, str]
    about: str
    prefix: str = ""
    justification: str = ""
    reason: str = ""
    sent: bool = False

    def filled_in(self, posted: Form) -> ReasonForm:
        """Return the form as it was posted."""
        return ReasonForm(
            self.choices,
            self.about,
            self.prefix,
            posted.value("justification"),
            posted.text("reason"),
            sent=True,
        )

    @property
    def error(self) -> FieldError | None:
        """First thing to mend; None for a form that was not sent, or that may open what it is about.

        >>> form = ReasonForm({"audit": "Audit"}, "the names")
        >>> form.error is None, form.filled_in(Form()).error.text
        (True, 'Choose why you need the names.')
        >>> form.filled_in(Form.of({"justification": "audit", "reason": "why"})).error
        FieldError(text='Say why in 5 to 500 characters.', field='reason')
        """
        if not self.sent:
            return None
        if self.justification not in self.choices:
            return FieldError(f"Choose why you need {self.about}.", f"{self.prefix}justification")
        if not SHORTEST <= len(self.reason) <= LONGEST:
            return FieldError(f"Say why in {SHORTEST} to {LONGEST} characters.", f"{self.prefix}reason")
        return None

    @property
    def in_words(self) -> str:
        """The reason as the history's own access log keeps it."""
        return f"{self.choices[self.justification]}: {self.reason}"

    @property
    def detail(self) -> dict[str, object]:
        """The reason as an audit entry keeps it."""
        return {"justification": self.justification, "reason": self.reason}
