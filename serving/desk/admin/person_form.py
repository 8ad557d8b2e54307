"""The form of a person: what an administrator says of them, and why; never a word of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.desk.form import Form
from serving.desk.reason_form import FieldError
from serving.identity.people import JUSTIFICATIONS, Account, Standing, fields_given
from threat.errors import UsageError


@dataclass(frozen=True, slots=True)
class PersonForm:
    """What the form shows: fields as they were typed or as the person stands, and the first thing to mend."""

    fields: Mapping[str, str]
    roles: frozenset[str]
    error: FieldError | None = None

    @classmethod
    def of(cls, standing: Standing) -> PersonForm:
        """Return the form filled with how a person stands."""
        until = standing.trained_until
        fields = {
            "shown": standing.shown,
            "unit": standing.unit,
            "authority": standing.authority,
            "trained_until": "" if until is None else until.isoformat(),
            "active": "yes" if standing.active else "no",
            "justification": "",
            "subject": "",
        }
        return cls(fields, frozenset(standing.roles))

    @classmethod
    def sent(cls, form: Form) -> PersonForm:
        """Return the form as it was sent."""
        return cls({name: form.text(name) for name in PersonForm.of(NOBODY).fields}, frozenset(form.all("role")))

    def with_error(self, error: UsageError, field: str = "shown") -> PersonForm:
        """Return the form with what is to be mended, in words."""
        return PersonForm(
            self.fields, self.roles, FieldError(f"{error.problem} {_sentence(error.way_out)}".strip(), field)
        )

    def account(self, issuer: str) -> Account:
        """Return who a new person is to the identity provider."""
        return Account(issuer, self.fields["subject"])

    def standing(self) -> Standing:
        """Return what was said of the person. Raises UsageError."""
        if self.fields["justification"] not in JUSTIFICATIONS:
            raise UsageError("No reason is chosen: choose why.")
        if self.fields["active"] not in {"yes", "no"}:
            raise UsageError("Whether they may sign in is missing: choose one.")
        given = {name: self.fields[name] for name in ("shown", "unit", "authority", "trained_until")}
        standing = Standing(**fields_given(roles=self.roles, active=self.fields["active"] == "yes", **given))
        standing.check()
        return standing


NOBODY = Standing("", frozenset())
"""What is said of a person whom nobody has added yet."""


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
