"""The development sign-in: the cookie, the key, the form, whom it offers, and how a session ends."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from fixtures.desk_browser import NOW, client_of, session_of, sign_in, token_in
from fixtures.golden_lists import REFERENCE
from fixtures.log_entries import details, people_and_commands

from serving.desk.cookies import SESSION
from serving.identity import people
from serving.identity.development import development_people, with_role
from serving.identity.people import Why, standing_of
from serving.identity.sessions import Limits
from serving.identity.signing import Signer
from serving.storage import reading, writing
from threat.errors import BadInput


def test_session_cookie(desk):
    client = client_of(desk, None)
    page = client.get("/sign-in")
    answer = client.post("/sign-in", data={"person": "rita", "token": token_in(page.text)})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(SESSION))
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={Limits().longest_seconds}"):
        assert part in cookie
    assert "Secure" not in cookie  # http, of this machine alone
    assert cookie.split("=")[1].split(".")[0] == session_of(desk, client).id


@pytest.mark.parametrize("change", ["flip", "other session", "empty", "no dot", "form token"])
def test_a_forged_cookie_is_nobody(desk, change):
    client = client_of(desk)
    good = client.cookies.get(SESSION)
    session_id, _, signature = good.partition(".")
    forged = {
        "flip": f"{session_id}.{'0' if signature[0] != '0' else '1'}{signature[1:]}",
        "other session": f"{session_of(desk, client_of(desk, 'admin')).id}.{signature}",
        "empty": "",
        "no dot": session_id,
        "form token": f"{session_id}.{desk.signer.form_token(session_id)}",
    }[change]
    assert desk.signer.session_id(good) == session_id
    assert desk.signer.session_id(forged) == ""


def test_the_page_offers_people_with_what_they_may_and_who_they_are(desk):
    page = client_of(desk, None).get("/sign-in").text
    for person in development_people().values():
        assert person.standing.shown in page
        assert person.who in html.unescape(page)
    assert "Ian Inspector: supervisor (inspector)" in page


def test_two_people_of_one_role_are_two_people(desk):
    rita, rob = client_of(desk), client_of(desk, None)
    sign_in(rob, "rob")
    rita.get("/search")
    rob.get("/search")
    assert "Signed in as <strong>Rob Reviewer</strong>, reviewer" in rob.get("/search").text
    assert [session_of(desk, client).person.id for client in (rita, rob)] == [
        development_people()[subject].id for subject in ("rita", "rob")
    ]


def test_the_first_sign_in_adds_the_people_and_a_later_one_changes_nobody(desk):
    client_of(desk)
    rob = development_people()["rob"]
    with writing(desk.engine) as connection:
        person = people.of_id(connection, rob.id)
        changed = replace(standing_of(person), shown="Rob Renamed", roles=frozenset({"analyst"}))
        people.change(connection, rob.id, person.version, changed, Why("U-0", "moved"), NOW)
    client = client_of(desk, None)
    sign_in(client, "rob")
    assert details(desk, "sign in") == [{"people_added": len(development_people())}, {}]
    assert session_of(desk, client).who == f"{rob.id} Rob Renamed"
    assert "Rob Reviewer: analyst" in client_of(desk, None).get("/sign-in").text


def test_who_may_sign_in_no_longer_is_refused_and_says_so(desk):
    client_of(desk)
    rita = with_role("reviewer")
    with writing(desk.engine) as connection:
        person = people.of_id(connection, rita.id)
        people.change(
            connection, rita.id, person.version, replace(standing_of(person), active=False), Why("U-0", "left"), NOW
        )
    client = client_of(desk, None)
    page = client.get("/sign-in").text
    assert "Rita Reviewer: access has ended" in page
    answer = client.post("/sign-in", data={"person": "rita", "token": token_in(page)})
    assert (answer.status_code, "The access of this person has ended." in answer.text) == (403, True)
    assert client.get("/api/v1/queue").status_code == 401


def test_who_has_no_role_does_not_come_in(desk):
    client_of(desk)
    rita = with_role("reviewer")
    with writing(desk.engine) as connection:
        person = people.of_id(connection, rita.id)
        standing = replace(standing_of(person), roles=frozenset())
        people.change(connection, rita.id, person.version, standing, Why("U-0", "moved"), NOW)
    client = client_of(desk, None)
    page = client.get("/sign-in").text
    assert "Rita Reviewer: no role" in page
    answer = client.post("/sign-in", data={"person": "rita", "token": token_in(page)})
    assert (answer.status_code, "This person has no role at this desk." in answer.text) == (403, True)


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "desk.key").write_bytes(b"short")
    with pytest.raises(BadInput, match="at least 32 bytes"):
        Signer.from_file(tmp_path / "desk.key")


def test_the_key_is_its_owner_s_alone(desk):
    assert (desk.var / "desk.key").stat().st_mode & 0o077 == 0


def test_not_signed_in_is_sent_to_the_sign_in_and_back_to_the_page(desk):
    client = client_of(desk, None)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    answer = client.get(f"/relationships/{REFERENCE['G01']}?year=2023")
    page = client.get(answer.headers["location"]).text
    back = f"/relationships/{REFERENCE['G01']}?year=2023"
    assert f'name="back" value="{back}"' in page
    form = {"person": "rita", "token": token_in(page), "back": back}
    assert client.post("/sign-in", data=form).headers["location"] == back


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "/nowhere", "/sign-out", "/static/x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(desk, back):
    client = client_of(desk, None)
    page = client.get("/sign-in", params={"back": back}).text
    assert 'name="back" value="/"' in page
    form = {"person": "rita", "token": token_in(page), "back": back}
    assert client.post("/sign-in", data=form).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", f"/relationships/{REFERENCE['G01']}/names", "/names/close"])
def test_forms_without_a_token_do_nothing(desk, path):
    client = client_of(desk)
    assert client.post(path, data={"person": "ada"}).status_code == 403
    assert client.post(path, json={"person": "ada"}).status_code == 400
    assert client.get("/api/v1/queue").status_code == 200  # still the reviewer


def test_sign_in_needs_a_person(desk):
    client = client_of(desk, None)
    answer = client.post("/sign-in", data={"person": "chief", "token": token_in(client.get("/sign-in").text)})
    assert answer.status_code == 422
    assert "Choose a person." in answer.text
    with reading(desk.engine) as connection:
        assert people.everybody(connection, "development") == ()


def test_sign_out_ends_the_session(desk):
    client = client_of(desk)
    stolen = client.cookies.get(SESSION)
    answer = client.post("/sign-out", data={"token": token_in(client.get("/").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/api/v1/queue").status_code == 401
    client.cookies.set(SESSION, stolen)
    assert client.get("/api/v1/queue").status_code == 401  # ended here, not in the browser alone
    assert client_of(desk).get("/api/v1/queue").status_code == 200  # another session goes on
    assert people_and_commands(desk) == 7  # sign in, the page, sign out; two refusals; sign in, the queue
