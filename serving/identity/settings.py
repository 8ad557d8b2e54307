"""How people sign in: at the identity provider of a file that ``THREAT_SIGN_IN`` names, or the development sign-in.

issuer: https://login.force.example/realms/force
client_id: threat-desk
client_secret: {file: /run/secrets/threat-desk}    # or {environment: NAME_OF_A_VARIABLE}
desk: https://threat.force.example                  # the address that people open
ask: the service desk of the force                  # whom a stranger is told to ask
acr_values: [phr]                                   # optional: how strongly, when somebody signs in again
limits: {idle_minutes: 60, longest_minutes: 480}    # optional
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serving.identity.development import ISSUER as DEVELOPMENT
from serving.identity.sessions import Limits
from threat.errors import ThreatError, UsageError, raise_all
from threat.yaml_text import parse_yaml

VARIABLE = "THREAT_SIGN_IN"
"""The environment variable that names the file."""

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine. Another name means that some site's own name was pointed at us (DNS rebinding)."""

Minutes = Annotated[int, Field(strict=True, ge=5, le=24 * 60)]
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Secret(BaseModel):
    model_config = ConfigDict(extra="forbid")
    file: Path | None = None
    environment: str | None = None


class _LimitsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")
    idle_minutes: Minutes = Limits().idle_seconds // 60
    longest_minutes: Minutes = Limits().longest_seconds // 60


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")
    issuer: _Text
    client_id: _Text
    client_secret: _Secret
    desk: _Text
    ask: _Text
    acr_values: list[_Text] = []
    limits: _LimitsGiven = _LimitsGiven()


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """A force's identity provider, and the desk as the provider knows it; fields as in the file."""

    issuer: str
    client_id: str
    client_secret: str
    desk: str
    ask: str
    acr_values: tuple[str, ...] = ()

    @property
    def redirect_address(self) -> str:
        """The address that the provider sends people back to; registered there, to the letter."""
        return f"{self.desk}/sign-in/callback"

    def __repr__(self) -> str:
        return f"ProviderSettings({self.issuer!r}, {self.client_id!r}, {self.desk!r})"  # never the secret


@dataclass(frozen=True, slots=True)
class SignIn:
    """How people sign in to a desk. ``provider``: None for the development sign-in, which answers this machine only."""

    limits: Limits = field(default_factory=Limits)
    provider: ProviderSettings | None = None

    @property
    def issuer(self) -> str:
        """The issuer whose word counts for who somebody is."""
        return DEVELOPMENT if self.provider is None else self.provider.issuer

    @property
    def secure(self) -> bool:
        """Tell whether cookies go over TLS alone: everywhere but on an address of this machine."""
        return self.provider is not None and self.provider.desk.startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """Host names that the desk answers to."""
        return _LOOPBACK_NAMES if self.provider is None else frozenset({urlsplit(self.provider.desk).hostname or ""})


def sign_in_settings(environment: Mapping[str, str] = os.environ) -> SignIn:
    """Return how people sign in, by the file that ``THREAT_SIGN_IN`` names; the development sign-in without one.

    Raises UsageError for a file that is missing or wrong, naming everything that is wrong at once.
    """
    named = environment.get(VARIABLE, "")
    if not named:
        return SignIn()
    path = Path(named)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The sign-in settings that {VARIABLE} names cannot be read.",
            value=error.strerror,
            where=str(path),
            way_out=f"name the file, or unset {VARIABLE} for the development sign-in on this machine",
        ) from None
    document = parse_yaml(text, "The sign-in settings are not YAML.", str(path))
    try:
        given = _Given.model_validate(document)
    except ValidationError as error:
        problems = [
            UsageError(
                f"The sign-in settings are wrong: {item['msg']}.",
                value=None
                if isinstance(item["input"], dict) or item["loc"][:1] == ("client_secret",)
                else item["input"],
                where=f"{path}, {'.'.join(str(part) for part in item['loc']) or 'the whole file'}",
                way_out="docs/serving.md has an example",
            )
            for item in error.errors()
        ]
        raise_all(list(problems))
        raise  # unreachable: pydantic names at least one
    return _checked(given, str(path), environment)


def _checked(given: _Given, where: str, environment: Mapping[str, str]) -> SignIn:
    problems: list[ThreatError] = []
    for name in ("issuer", "desk"):
        problems += _address_problems(name, getattr(given, name), where)
    secret = ""
    try:
        secret = _secret(given.client_secret, where, environment)
    except UsageError as error:
        problems.append(error)
    if given.limits.idle_minutes > given.limits.longest_minutes:
        problems.append(
            UsageError(
                "Sessions could be left idle for longer than they last.",
                value=f"{given.limits.idle_minutes} of {given.limits.longest_minutes} minutes",
                where=f"{where}, limits",
                way_out="make idle_minutes the smaller of the two",
            )
        )
    raise_all(problems)
    limits = Limits(given.limits.idle_minutes * 60, given.limits.longest_minutes * 60)
    provider = ProviderSettings(
        issuer=given.issuer,
        client_id=given.client_id,
        client_secret=secret,
        desk=given.desk.rstrip("/"),
        ask=given.ask,
        acr_values=tuple(given.acr_values),
    )
    return SignIn(limits, provider)


def _address_problems(name: str, address: str, where: str) -> list[ThreatError]:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = parts.scheme == "http" and is_loopback_name(host)
    extra = parts.query or parts.fragment or parts.username or (name == "desk" and parts.path.strip("/"))
    if host and (parts.scheme == "https" or plain) and not extra:
        return []
    return [
        UsageError(
            f"The address of {name} is none that people sign in at: https, a host, and nothing after a ? or #.",
            value=address,
            where=f"{where}, {name}",
            way_out="https://... (http only for 127.0.0.1)" + ("; without a path" if name == "desk" else ""),
        )
    ]


def _secret(given: _Secret, where: str, environment: Mapping[str, str]) -> str:
    where = f"{where}, client_secret"
    if (given.file is None) == (given.environment is None):
        raise UsageError(
            "The client secret is named twice or not at all.",
            where=where,
            way_out="give its file, or the environment variable that holds it",
        )
    if given.file is not None:
        try:
            secret = given.file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
        place = f"file {given.file}"
    else:
        secret = environment.get(given.environment or "", "").strip()
        place = f"environment variable {given.environment}"
    if not secret:
        raise UsageError("The client secret is not there.", value=place, where=where, way_out="put the secret there")
    return secret


def is_loopback_name(host: str) -> bool:
    """Tell whether a host name is one of this machine.

    >>> is_loopback_name("localhost"), is_loopback_name("127.0.0.1"), is_loopback_name("127.0.0.1.example")
    (True, True, False)
    """
    try:
        return host in _LOOPBACK_NAMES or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
