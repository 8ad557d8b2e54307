"""Who may do what to a case, from which state, and what becomes of it: ``transitions.yaml``.

One table draws the buttons, the refusals, the permissions of acts, the documentation and the tests. Blocks that come
before a role (a conflict, a restricted case, another unit) and the checks that ``needs`` names are made by the acts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol, get_args

from pydantic import Field

from serving.audit.log import Operation
from serving.casework.shipped import Closed, read
from serving.casework.words import VocabularyName, title, vocabulary
from serving.identity.person import AUTHORITIES, Authority
from serving.identity.roles import ROLES, RoleName
from threat.errors import UsageError
from threat.vocabulary import kinds

State = Literal["waiting", "graded", "planning", "active", "watching", "inactive", "closed", "joined"]
"""The states of a case; ``words.yaml`` says what each is."""

FromState = State | Literal["none"]
NO_CASE: Literal["none"] = "none"
"""Where no case is yet: the first referral opens it."""

STATES: tuple[State, ...] = get_args(State)

NotAPersonsRole = Literal["engine", "partner"]
"""Who does something to a case and does not sign in: the system itself, and a partner agency through its one form."""

Role = RoleName | NotAPersonsRole

DECIDES: Mapping[str, VocabularyName] = {"grade": "grade", "grade_after": "grade"}
"""The codes of a fact that may decide where a case goes, with the vocabulary of each."""


class Actor(Protocol):
    """Whoever does an act: a ``Person`` of ``serving.identity``, or one of the two below."""

    @property
    def id(self) -> str:
        """Return the reference of the actor."""

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles of the actor."""

    @property
    def authority(self) -> str:
        """Return the rank whose authority the actor can give."""


@dataclass(frozen=True, slots=True)
class NotAPerson:
    """An actor who does not sign in."""

    id: str
    roles: frozenset[str]
    authority: str = "none"


ENGINE = NotAPerson("engine", frozenset({"engine"}))
PARTNER = NotAPerson("partner", frozenset({"partner"}))


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act may be done. ``alone``: it takes effect at once; otherwise it waits for another person to confirm."""

    act: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The act may not be done: the ``reason`` in a sentence, and the ``way_out``."""

    reason: str
    way_out: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """The primary button of a case: the act, and what the button says."""

    act: str
    button: str


class Move(Closed):
    """From some states to a state, or to the same. ``when``: the code of the act that decides, with its values."""

    from_states: tuple[FromState, ...] = Field(alias="from", min_length=1)
    to: State | Literal["same"]
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict, max_length=1)

    def fits(self, state: str, codes: Mapping[str, str]) -> bool:
        """Tell whether the move starts in the state and the codes of the act are among its own."""
        return state in self.from_states and all(codes.get(key) in values for key, values in self.when.items())


class Act(Closed):
    """A row of the table; ``transitions.yaml`` says what each field is."""

    act: str = Field(pattern=r"^[a-z][a-z_]*[a-z]$")
    title: str = Field(min_length=1)
    moves: tuple[Move, ...] = Field(min_length=1)
    alone: tuple[Role, ...] = ()
    proposes: tuple[RoleName, ...] = ()
    confirms: tuple[RoleName, ...] = ()
    confirms_with: Authority = "none"
    proposal: str = ""
    authenticated_within: int = Field(default=0, ge=0, le=3600)
    needs: tuple[str, ...]
    operation: Operation
    returns: str = ""
    ends: bool = False
    button: str = ""
    done: str = ""
    in_use: bool

    @property
    def starts_in(self) -> tuple[FromState, ...]:
        """Return the states that the act may start in, in the order of the states."""
        return tuple(state for state in (NO_CASE, *STATES) if any(state in move.from_states for move in self.moves))


class NextStepRow(Closed):
    """A line of the primary buttons. ``referral``: a kind without an answer that the case must have, or ``any``."""

    states: tuple[State, ...] = Field(min_length=1)
    referral: str = ""
    act: str


class Table(Closed):
    """The document ``transitions.yaml``."""

    version: int = Field(ge=1)
    roles: dict[Role, str]
    checks: dict[str, str]
    acts: tuple[Act, ...] = Field(min_length=1)
    next_steps: tuple[NextStepRow, ...]

    def act(self, name: str) -> Act:
        """Return an act by its name. Raises UsageError for a name that is none."""
        for act in self.acts:
            if act.act == name:
                return act
        raise UsageError("Not an act of casework.", value=name, where="serving/casework/transitions.yaml")

    def acts_from(self, state: FromState) -> tuple[Act, ...]:
        """Return the acts that may start in a state, in the order of the table."""
        return tuple(act for act in self.acts if state in act.starts_in)

    def after(self, act: str, state: FromState, codes: Mapping[str, str]) -> State:
        """Return the state after an act. Raises UsageError where no move fits the state and the codes."""
        row = self.act(act)
        for move in row.moves:
            if move.fits(state, codes):
                return state if move.to == "same" and state != NO_CASE else move.to  # type: ignore[return-value]
        where = f"serving/casework/transitions.yaml: {act}"
        if state not in row.starts_in:
            problem, way_out = _not_possible(row, state)
            raise UsageError(problem, value=state, where=where, way_out=way_out)
        key = next(key for move in row.moves for key in move.when)
        titles = " or ".join(title(DECIDES[key], value) for value in self.offered(act, state))
        raise UsageError(
            f"{row.title} can't be written with this code: {_state_in_words(state)}.",
            value=f"{key}: {codes.get(key)}",
            where=where,
            way_out=f"here it is {titles}",
        )

    def offered(self, act: str, state: FromState) -> tuple[str, ...]:
        """Return the values of the code that decides which the act may have in a state; () where none decides.

        >>> transitions().offered("grade", "graded")
        ('act_today', 'look_closer')
        """
        fitting = (move for move in self.act(act).moves if state in move.from_states)
        return tuple(value for move in fitting for values in move.when.values() for value in values)

    def allowed(self, act: str, state: FromState, person: Actor) -> Allowed | Refused:
        """Tell whether a person may do or propose an act in a state. Raises UsageError for no act."""
        row = self.act(act)
        if refused := self._not_here(row, state):
            return refused
        if person.roles & set(row.alone):
            return Allowed(act, alone=True)
        if person.roles & set(row.proposes):
            return Allowed(act, alone=False)
        return Refused(f"{row.title} is not for {self._roles_of(person)}.", f"{self._who(row)} may")

    def may_confirm(self, act: str, state: FromState, person: Actor, proposed_by: str) -> Allowed | Refused:
        """Tell whether a person may confirm an act that somebody proposed. Raises UsageError for no act.

        ``proposed_by``: reference of who proposed it, who never confirms it, also not in another role.
        """
        row = self.act(act)
        if refused := self._not_here(row, state):
            return refused
        if not row.confirms:
            return Refused(f"{row.title} needs nobody to confirm it.", f"{self._who(row)} may do it alone")
        wanted = self._confirmer(row)
        if person.id == proposed_by:
            return Refused("You proposed this, so you can't confirm it.", f"{wanted} other than you may")
        if not person.roles & set(row.confirms):
            return Refused(f"Confirming it is not for {self._roles_of(person)}.", f"{wanted} may")
        if AUTHORITIES.index(_authority(person)) < AUTHORITIES.index(row.confirms_with):
            return Refused(f"Confirming it needs the authority of an {row.confirms_with}.", f"{wanted} may")
        return Allowed(act, alone=True)

    def next_step(self, state: FromState, person: Actor, unanswered: Collection[str] = ()) -> NextStep | None:
        """Return the one primary button of a case, or None. ``unanswered``: kinds of its unanswered referrals."""
        for row in self.next_steps:
            waits = not row.referral or row.referral in unanswered or (row.referral == "any" and bool(unanswered))
            if state in row.states and waits and isinstance(self.allowed(row.act, state, person), Allowed):
                return NextStep(row.act, self.act(row.act).button)
        return None

    def whole_design(self) -> Table:
        """Return the table as it will be once every act is in use."""
        return self.model_copy(update={"acts": tuple(act.model_copy(update={"in_use": True}) for act in self.acts)})

    def _not_here(self, row: Act, state: FromState) -> Refused | None:
        if not row.in_use:
            return Refused(f"{row.title} is not in use yet.", "it comes with a later version")
        if state not in row.starts_in:
            return Refused(*_not_possible(row, state))
        return None

    def _roles_of(self, person: Actor) -> str:
        named = [words for role, words in self.roles.items() if role in person.roles]
        return " or ".join(named) or "somebody without a role"

    def _who(self, row: Act) -> str:
        may = {*row.alone, *row.proposes}
        return " or ".join(words for role, words in self.roles.items() if role in may)

    def _confirmer(self, row: Act) -> str:
        roles = " or ".join(self.roles[role] for role in row.confirms)
        return roles if row.confirms_with == "none" else f"{roles} with the authority of an {row.confirms_with}"


@cache
def transitions() -> Table:
    """Return the table. Raises UsageError with every problem of the file."""
    return read_transitions()


def read_transitions(text: str | None = None) -> Table:
    """Read the table from a text in place of ``transitions.yaml``. Raises UsageError with every problem."""
    return read("transitions.yaml", Table, _problems, text)


def allowed(act: str, state: FromState, person: Actor) -> Allowed | Refused:
    """Tell whether a person may do or propose an act in a state.

    >>> allowed("see", "waiting", PARTNER)
    Refused(reason='See a must-see record is not for a partner agency.', way_out='a reviewer or a supervisor may')
    """
    return transitions().allowed(act, state, person)


def next_step(state: FromState, person: Actor, unanswered: Collection[str] = ()) -> NextStep | None:
    """Return the one primary button of a case, or None. ``unanswered``: kinds of its referrals without an answer."""
    return transitions().next_step(state, person, unanswered)


def acts_from(state: FromState) -> tuple[Act, ...]:
    """Return the acts in use that may start in a state, in the order of the table."""
    return tuple(act for act in transitions().acts_from(state) if act.in_use)


def _authority(person: Actor) -> Authority:
    return next((each for each in AUTHORITIES if each == person.authority), "none")


def _not_possible(row: Act, state: FromState) -> tuple[str, str]:
    """Return why an act can't start in a state, and where it can."""
    return (
        f"{row.title} is not possible here: {_state_in_words(state)}.",
        f"possible where {_states_in_words(row.starts_in)}",
    )


def _state_in_words(state: FromState) -> str:
    return "there is no case" if state == NO_CASE else f"the case is {title('case_state', state).lower()}"


def _states_in_words(states: Collection[FromState]) -> str:
    named = [title("case_state", state).lower() for state in states if state != NO_CASE]
    return " or ".join((["there is no case"] if NO_CASE in states else []) + [f"it is {' or '.join(named)}"])


def _problems(table: Table) -> list[str]:
    """Return what is wrong between the rows, in sentences."""
    names = [act.act for act in table.acts]
    out = [f"The act {name} is there twice." for name in sorted({name for name in names if names.count(name) > 1})]
    used = {need for act in table.acts for need in act.needs}
    out += [f"The check {name} is not among the checks." for name in sorted(used - set(table.checks))]
    out += [f"No act needs the check {name}." for name in sorted(set(table.checks) - used)]
    out += [
        f"The role {role} has no words." for role in (*ROLES, *get_args(NotAPersonsRole)) if role not in table.roles
    ]
    for act in table.acts:
        out += [f"{act.act}: {problem}" for problem in (*_of_people(act), *_of_moves(act), *_of_returns(act))]
    for row in table.next_steps:
        if row.act not in names or not set(row.states) <= set(table.act(row.act).starts_in):
            out.append(f"next_steps: {row.act} is no act of every state in {', '.join(row.states)}.")
        if row.referral not in ("", "any", *vocabulary("referral_kind").codes):
            out.append(f"next_steps: {row.referral} is no kind of referral.")
    return out


def _of_people(act: Act) -> list[str]:
    out = []
    if not act.alone and not act.proposes:
        out.append("nobody may do it.")
    if bool(act.proposes) != bool(act.confirms) or bool(act.proposes) != bool(act.proposal):
        out.append("who proposes, who confirms and the kind of proposal are not all given.")
    if act.proposal and act.proposal not in vocabulary("proposal_kind").codes:
        out.append(f"{act.proposal} is no kind of proposal.")
    by_people = bool({*act.alone, *act.proposes} - {"engine"})
    if by_people != bool(act.button) or by_people != bool(act.done):
        out.append("a button and what the page says after it are not both given, or nobody would press it.")
    return out


def _of_moves(act: Act) -> list[str]:
    out = []
    for state in act.starts_in:
        fitting = [move for move in act.moves if state in move.from_states]
        values = [(key, value) for move in fitting for key, some in move.when.items() for value in some]
        if len(values) != len(set(values)) or (len(fitting) > 1 and any(not move.when for move in fitting)):
            out.append(f"two moves from {state} fit the same act.")
        if any(move.to == "same" for move in fitting) and state == NO_CASE:
            out.append("a move from no case to no case is no act.")
    for key, value in sorted({(k, v) for move in act.moves for k, some in move.when.items() for v in some}):
        if key not in DECIDES or value not in vocabulary(DECIDES[key]).codes:
            out.append(f"{key}: {value} is no code that can decide.")
    return out


def _of_returns(act: Act) -> list[str]:
    out = [f"{act.returns} is no kind of the vocabulary."] if act.returns and act.returns not in kinds() else []
    return out + (["it ends a record and returns none."] if act.ends and not act.returns else [])
