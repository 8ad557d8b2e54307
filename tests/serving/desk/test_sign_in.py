"""The development sign-in: the cookie, the key, the form, and how a session ends."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import NOW, client_of, token_in
from fixtures.golden_lists import REFERENCE

from serving.audit.log import verify
from serving.desk.sign_in import COOKIE, SHIFT_SECONDS, SessionSigner
from threat.errors import BadInput


def test_session_cookie(desk):
    client = client_of(desk, None)
    page = client.get("/sign-in")
    answer = client.post("/sign-in", data={"role": "reviewer", "token": token_in(page.text)})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={SHIFT_SECONDS}"):
        assert part in cookie


@pytest.mark.parametrize("change", ["flip", "other key", "role", "empty", "no dot"])
def test_a_forged_cookie_is_nobody(desk, change):
    signer = desk.sessions
    good = signer.cookie(signer.start("analyst", NOW))
    body, _, signature = good.partition(".")
    other = SessionSigner(b"k" * 32)
    forged = {
        "flip": f"{body}.{'0' if signature[0] != '0' else '1'}{signature[1:]}",
        "other key": other.cookie(other.start("admin", NOW)),
        "role": f"{other.cookie(other.start('admin', NOW)).partition('.')[0]}.{signature}",
        "empty": "",
        "no dot": body,
    }[change]
    assert signer.read(good, NOW) is not None
    assert signer.read(forged, NOW) is None


def test_a_session_ends_after_one_shift(open_desk, rule_var):
    now = [NOW]
    client = client_of(open_desk(rule_var, clock=lambda: now[0]))
    assert client.get("/api/v1/queue").status_code == 200
    now[0] += SHIFT_SECONDS
    assert client.get("/api/v1/queue").status_code == 401


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "desk.key").write_bytes(b"short")
    with pytest.raises(BadInput, match="at least 32 bytes"):
        SessionSigner.from_file(tmp_path / "desk.key")


def test_the_key_is_its_owner_s_alone(desk):
    assert (desk.var / "desk.key").stat().st_mode & 0o077 == 0


def test_not_signed_in_is_sent_to_the_sign_in(desk):
    answer = client_of(desk, None).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", f"/relationships/{REFERENCE['G01']}/names", "/names/close"])
def test_forms_without_a_token_do_nothing(desk, path):
    client = client_of(desk)
    assert client.post(path, data={"role": "admin"}).status_code == 403
    assert client.post(path, json={"role": "admin"}).status_code == 400
    assert client.get("/api/v1/queue").status_code == 200  # still the reviewer


def test_sign_in_needs_a_role(desk):
    client = client_of(desk, None)
    answer = client.post("/sign-in", data={"role": "chief", "token": token_in(client.get("/sign-in").text)})
    assert answer.status_code == 422
    assert "Choose a role." in answer.text


def test_sign_out_ends_the_session(desk):
    client = client_of(desk)
    stolen = client.cookies.get(COOKIE)
    answer = client.post("/sign-out", data={"token": token_in(client.get("/").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/api/v1/queue").status_code == 401
    client.cookies.set(COOKIE, stolen)
    assert client.get("/api/v1/queue").status_code == 401  # ended here, not in the browser alone
    assert client_of(desk).get("/api/v1/queue").status_code == 200  # another session goes on
    assert verify(desk.engine).entries == 7  # sign in, the page, sign out; two refusals; sign in, the queue
