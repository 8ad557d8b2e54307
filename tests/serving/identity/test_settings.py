"""The settings of a sign-in: what a force writes, and everything that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.sign_in_settings import write_settings

from serving.identity.sessions import Limits
from serving.identity.settings import SignIn, sign_in_settings
from threat.errors import UsageError


def read(folder: Path, environment: dict[str, str] | None = None, **changes: object) -> SignIn:
    return sign_in_settings({"THREAT_SIGN_IN": str(write_settings(folder, **changes)), **(environment or {})})


def test_without_a_file_it_is_the_development_sign_in_on_this_machine() -> None:
    sign_in = sign_in_settings({})
    assert (sign_in.provider, sign_in.issuer, sign_in.secure) == (None, "development", False)
    assert sign_in.hosts == {"127.0.0.1", "localhost", "::1"}
    assert sign_in.limits == Limits(idle_seconds=3600, longest_seconds=8 * 3600)


def test_what_a_force_writes(tmp_path: Path) -> None:
    sign_in = read(tmp_path, acr_values=["phr"], limits={"idle_minutes": 30}, desk="https://Threat.force.example/")
    assert sign_in.provider is not None
    assert sign_in.provider.client_secret == "s3cret"
    assert "s3cret" not in repr(sign_in)
    assert sign_in.provider.redirect_address == "https://Threat.force.example/sign-in/callback"
    assert sign_in.hosts == {"threat.force.example"}
    assert (sign_in.secure, sign_in.issuer) == (True, "https://login.force.example/realms/force")
    assert sign_in.limits == Limits(idle_seconds=1800, longest_seconds=8 * 3600)


def test_the_secret_may_be_in_the_environment(tmp_path: Path) -> None:
    sign_in = read(tmp_path, {"DESK_SECRET": "from here"}, client_secret={"environment": "DESK_SECRET"})
    assert sign_in.provider is not None
    assert sign_in.provider.client_secret == "from here"


def test_on_this_machine_http_will_do_and_cookies_go_over_it(tmp_path: Path) -> None:
    sign_in = read(tmp_path, issuer="http://127.0.0.1:9000", desk="http://localhost:8000")
    assert (sign_in.secure, sign_in.hosts) == (False, {"localhost"})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"issuer": None, "desk": None}, ["issuer", "desk", "Field required"]),
        ({"isuer": "https://login"}, ["isuer", "Extra inputs are not permitted"]),
        ({"issuer": "http://login.example", "desk": "ftp://x"}, ["issuer is none", "desk is none", "ftp://x"]),
        ({"desk": "https://threat.example/desk"}, ["desk is none", "without a path"]),
        ({"desk": "https://user:pw@threat.example"}, ["desk is none"]),
        ({"desk": "https://threat.example:port"}, ["desk is none"]),
        ({"client_secret": {"file": "/nowhere/secret"}}, ["The client secret is not there.", "/nowhere/secret"]),
        ({"client_secret": {"environment": "NOT_SET"}}, ["The client secret is not there.", "NOT_SET"]),
        ({"client_secret": {}}, ["named twice or not at all"]),
        ({"limits": {"idle_minutes": 0}}, ["idle_minutes", "greater than or equal to 5"]),
        ({"limits": {"idle_minutes": 90, "longest_minutes": 60}}, ["90 of 60 minutes"]),
        ({"limits": {"idle_minutes": True}}, ["idle_minutes"]),
        (
            {"issuer": "login", "client_secret": {}, "limits": {"idle_minutes": 90, "longest_minutes": 60}},
            ["3 problems", "issuer is none", "named twice", "90 of 60"],
        ),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path, changes: dict, says: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, **changes)
    assert [words for words in says if words not in str(caught.value)] == []


def test_a_secret_that_stands_in_the_file_itself_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, client_secret="hunter2")
    assert "client_secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"a: [", b"- list", b"\xff\xfe"])
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "sign_in.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="The sign-in settings") as caught:
        sign_in_settings({"THREAT_SIGN_IN": str(path)})
    assert str(path) in str(caught.value)


def test_the_example_of_the_docs_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")
    example = page[page.index("issuer: https") :].partition("```")[0]
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    path = tmp_path / "sign_in.yaml"
    path.write_text(example.replace("/run/secrets/threat-desk", str(tmp_path / "secret")), encoding="utf-8")
    sign_in = sign_in_settings({"THREAT_SIGN_IN": str(path)})
    assert sign_in.limits == Limits()
    assert sign_in.provider is not None
    assert (sign_in.provider.acr_values, sign_in.hosts) == (("phr",), {"threat.force.example"})
