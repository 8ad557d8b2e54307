"""A case that a request opens: its head, the records of its relationship, earlier looks; nothing of any order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from serving.casework import views
from serving.casework.correction import was_shown
from serving.casework.graded import Graded, facts_of_grade, grades_since
from serving.casework.transitions import Refused, allowed
from serving.casework.views import Case
from serving.casework.words import title
from serving.desk.case.facts import facts_of_file
from serving.desk.case.file import CaseFile
from serving.desk.case.view import file_of
from serving.desk.case_head import CaseHead, case_head
from serving.desk.list_view import ListView
from serving.desk.people.around import relationships_of
from serving.desk.problems import Denied, NotFound
from serving.desk.request import SignedInRequest
from serving.desk.responses.facts import Facts
from serving.desk.reveal import places_to_reveal
from serving.storage import reading
from threat.dates import moment
from threat.errors import UsageError
from threat.ids import show_id
from threat.vocabulary import kinds

_REFERENCE = re.compile(r"C-[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class OtherCase:
    """An open case of either person, in a sentence."""

    ref: str
    sentence: str


@dataclass(frozen=True)
class OpenCase:
    """A case as one request reads it, with the list in view, which gives the records and their date."""

    signed_in: SignedInRequest
    view: ListView
    case: Case

    @cached_property
    def head(self) -> CaseHead:
        """The top of every page of it."""
        on_list = places_to_reveal(self.signed_in, self.view).row(self.case.relationship) is not None
        return case_head(self.view, self.case, self.signed_in.session.person, self.signed_in.at, on_list=on_list)

    @property
    def reference(self) -> str:
        """Reference of its relationship."""
        return show_id("R", self.case.relationship)

    @cached_property
    def file(self) -> CaseFile:
        """Everything on record of the two. Raises NotFound where the list's records do not have them yet."""
        return file_of(self.view, self.reference)

    @cached_property
    def facts(self) -> Facts:
        """The facts on record, short."""
        return facts_of_file(self.view, self.case.relationship, self.file)

    @cached_property
    def grades(self) -> tuple[Graded, ...]:
        """Every grade of the case, the latest first."""
        with reading(self.signed_in.desk.engine) as connection:
            return grades_since(connection, 0, case=self.case.id)

    @property
    def own_grade(self) -> Graded | None:
        """The grade in force, where it is the reader's own."""
        latest = self.grades[0] if self.grades else None
        return latest if latest is not None and latest.by == self.signed_in.session.person.id else None

    @property
    def may_be_corrected(self) -> bool:
        """Tell whether the grade in force is the reader's own, and neither a decision nor the order came since."""
        graded = self.own_grade
        if graded is None or not graded.is_given or self.case.decided_since:
            return False
        with reading(self.signed_in.desk.engine) as connection:
            return not was_shown(connection, graded.id)

    @cached_property
    def relied_on(self) -> tuple[str, str]:
        """The facts that the reader's own grade relies on, in words, and what they know that is not on record."""
        graded = self.own_grade
        if graded is None:
            return "", ""
        with reading(self.signed_in.desk.engine) as connection:
            facts, note = facts_of_grade(connection, graded.id)
        named = [kinds()[fact].title if fact in kinds() else title("fact_relied_on", fact) for fact in facts]
        return ", ".join(named), note if any(fact not in kinds() for fact in facts) else ""

    @property
    def earlier(self) -> list[str]:
        """Every grade of the case in a sentence, the latest first: what people wrote, and nothing of an order.

        Before the next grade also nothing of what a second look changed: that would hint at where the order had it.
        """
        return [f"{moment(each.at, self.view.zone)}: {each.who}, {self._graded(each)}" for each in self.grades]

    def _graded(self, graded: Graded) -> str:
        if self.case.closed_because == "ungraded":
            return title("grade", graded.grade)
        said = title("grade", graded.first)
        return f"{said}, then {title('grade', graded.grade)}" if graded.grade != graded.first else said

    @cached_property
    def others(self) -> list[OtherCase]:
        """Open cases of either person, the other way round first."""
        persons = [person for person in self.file.parties if person >= 0]
        involved = {each.relationship_id for person in persons for each in relationships_of(self.view, person)}
        with reading(self.signed_in.desk.engine) as connection:
            open_cases = views.cases_of(connection, sorted(involved - {self.case.relationship}))
            cases = [(relationship, views.case_now(connection, ref)) for relationship, ref in open_cases.items()]
        other_way = self.facts.other_way
        shown = [
            (
                show_id("R", relationship) != other_way,
                OtherCase(case.id, self._of_other(relationship, case, other_way)),
            )
            for relationship, case in cases
            if case is not None
        ]
        return [other for _, other in sorted(shown, key=lambda pair: (pair[0], pair[1].ref))]

    def _of_other(self, relationship: int, case: Case, other_way: str) -> str:
        reference = show_id("R", relationship)
        way = "the other way round" if reference == other_way else self.view.kind_title(relationship).lower()
        return f"{reference}, {way}, {title('case_state', case.state).lower()}"

    def require(self, act: str) -> None:
        """Raise Denied where the table of acts does not let this person do an act here."""
        answer = allowed(act, self.case.state, self.signed_in.session.person)  # type: ignore[arg-type]
        if isinstance(answer, Refused):
            raise Denied(answer.reason, status=403, value=self.case.id, way_out=answer.way_out)


def open_case(signed_in: SignedInRequest, reference: str) -> OpenCase:
    """Open a case by its reference (``C-...``). Raises UsageError for another text, NotFound where there is none."""
    if not _REFERENCE.fullmatch(reference):
        raise UsageError(
            "Not a reference of a case: C- and 16 hexadecimal digits.",
            value=reference,
            way_out="start from Today: it leads to every case",
        )
    view = signed_in.desk.view()
    with reading(signed_in.desk.engine) as connection:
        case = views.case_now(connection, reference)
    if case is None:
        raise NotFound("There is no case with this reference.", value=reference, way_out="start from Today")
    return OpenCase(signed_in, view, case)
