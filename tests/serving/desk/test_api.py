"""The API: happy, empty, and every kind of error; its schema; and one audit entry for every read."""

from __future__ import annotations

import shutil
import sqlite3
import threading

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, Browser, client_of, token_in

from serving.audit.log import verify
from serving.desk import api, pages
from serving.desk.app import HEADERS
from serving.desk.service import Desk
from serving.desk.sign_in import COOKIE, MAY, ROLES, SHIFT_SECONDS, Keeper
from threat.history.store import Store
from threat.ids import show_id

G = {name: show_id("R", golden.relationship_id(name)) for name in golden.KINDS}
PROBLEM = ["type", "title", "status", "detail", "problem", "value", "where", "way_out"]


def entries(desk: Desk) -> list[tuple[str, str, str, str]]:
    """(role, action, subject, outcome) of each entry, oldest first."""
    with sqlite3.connect(str(desk.engine.url.database)) as raw:
        found = raw.execute("SELECT role, action, subject, outcome FROM audit_entries ORDER BY sequence").fetchall()
    raw.close()
    return found


def test_the_queue(desk):
    answer = client_of(desk).get("/api/v1/queue")
    assert answer.status_code == 200
    body = answer.json()
    assert [row["relationship"] for row in body["rows"]] == [G["G01"], G["G02"], G["G03"]]
    assert [row["rank"] for row in body["rows"]] == [1, 2, 3]
    assert body["listing"]["ranking"] == "rule"
    assert body["listing"]["ranking_note"] == "No model has been released."
    assert body["listing"]["as_of"] == "2024-06-01T00:00:00Z"
    assert (body["listing"]["ranked"], body["listing"]["capacity"]) == (10, 3)
    assert body["limits"][0].startswith("Not being on this list is not a sign of safety.")
    assert {item["relationship"] for item in body["must_see"]} == {G["G01"], G["G02"]}
    assert body["rows"][0]["change"]["kind"] in {"rose", "same", "new"}
    for row in body["rows"]:
        assert row["base"] + sum(reason["contribution"] for reason in row["reasons"]) == pytest.approx(row["score"])


def test_a_relationship(desk):
    body = client_of(desk).get(f"/api/v1/relationships/{G['G06']}").json()
    assert body["other_way"] == G["G10"]
    assert body["relationship_kind"] == "Former partner"
    assert body["standing"]["kind"] == "ranked"
    assert body["standing"]["rank"] == 6
    shown = {record["event"]: record for record in body["timeline"]}
    release = shown[show_id("E", golden.event_id("f5"))]
    assert (release["ahead"], release["direction"]) == (True, "subject")
    assert shown[show_id("E", golden.event_id("f1"))]["direction"] == "this_way"
    assert shown[show_id("E", golden.event_id("j1"))]["direction"] == "other_way"
    assert body["records_left_out"] == 0


def test_what_nobody_did_to_anyone_is_not_headed_as_an_act(desk):
    """A grade and a visit are about the relationship; an assault is headed by its direction."""
    body = client_of(desk).get(f"/api/v1/relationships/{G['G09']}").json()
    shown = {
        record["event"]: (record["title"], record["detail"], record["direction_title"]) for record in body["timeline"]
    }
    assert {shown[show_id("E", golden.event_id(name))] for name in ("i1", "i2", "i3")} == {
        ("Assault with injury", "", "Subject towards person at risk"),
        ("Officer risk grade", "standard", "About this relationship"),
        ("Contact by the unit", "visit", "About this relationship"),
    }


def test_nothing_recorded_later_or_withdrawn_is_shown(desk):
    client = client_of(desk)
    for name, hidden in (("G01", "a13"), ("G02", "b8"), ("G07", "g4"), ("G08", "h4")):
        body = client.get(f"/api/v1/relationships/{G[name]}").json()
        assert show_id("E", golden.event_id(hidden)) not in {record["event"] for record in body["timeline"]}


@pytest.mark.parametrize("name", ["G11", "G12"])
def test_one_that_is_not_eligible_is_shown_and_not_called_anything(desk, name):
    body = client_of(desk).get(f"/api/v1/relationships/{G[name]}").json()
    assert body["standing"]["kind"] == "not_ranked"
    assert "not a sign of safety" in body["standing"]["sentence"]


def test_every_relationship_of_the_force_opens(desk):
    client = client_of(desk)
    assert {client.get(f"/api/v1/relationships/{reference}").status_code for reference in G.values()} == {200}


def test_the_model_s_list_and_card(open_desk, model_var):
    client = client_of(open_desk(model_var), "analyst")
    body = client.get("/api/v1/queue").json()
    assert (body["listing"]["ranking"], body["listing"]["demonstration"]) == ("model", True)
    card = client.get("/api/v1/models/current/card").json()
    assert (card["run"], card["state"], card["environment"]) == ("run-1", "live", "demonstration")
    for name in golden.ORDER:
        standing = client.get(f"/api/v1/relationships/{G[name]}").json()["standing"]
        total = standing["base"] + sum(reason["contribution"] for reason in standing["reasons"])
        assert total == pytest.approx(standing["score"], abs=1e-6)
        assert standing["frequency"] == []  # rank only: no probability is shown


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/api/v1/relationships/R-0000000000000001", 404, "There is no relationship with this reference"),
        ("/api/v1/relationships/7", 422, "Not a reference of a relationship"),
        (
            "/api/v1/relationships/P-0000000000000001",
            422,
            "Not a reference of a relationship",
        ),
        (f"/api/v1/relationships/{'R' * 41}", 422, "String should have at most 40 characters"),
        ("/api/v1/models/current/card", 404, "No model is in service"),
        ("/api/v1/nothing", 404, "There is no page at this address."),
    ],
)
def test_errors_are_problem_documents(desk, path, status, problem):
    answer = client_of(desk).get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert list(body) == PROBLEM
    assert body["status"] == status
    assert body["problem"].startswith(problem)
    assert body["title"]


def test_the_wrong_method(desk):
    answer = client_of(desk).post("/api/v1/queue")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


def test_without_sign_in(desk):
    client = client_of(desk, None)
    for path in ("/api/v1/queue", f"/api/v1/relationships/{G['G01']}", "/api/v1/models/current/card"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["problem"]) == (401, "This needs a signed-in user.")
    assert entries(desk) == []


def test_no_list_published(open_desk, tmp_path):
    client = client_of(open_desk(tmp_path / "empty"))
    answer = client.get("/api/v1/queue")
    assert (answer.status_code, answer.json()["problem"]) == (404, "No list has been published yet.")
    assert client.get("/health").json() == {"status": "ok", "version": "0.1.0", "list_published": False}
    page = client.get("/")
    assert page.status_code == 200
    assert "not a sign of safety" in page.text


def test_an_empty_force(open_desk, tmp_path):
    from serving.lists.making import ListOptions, make_list

    Store.create(tmp_path / "history")
    make_list(tmp_path / "history", tmp_path / "var", golden.AS_OF, ListOptions(publish=True), started_at=NOW)
    client = client_of(open_desk(tmp_path / "var", store=tmp_path / "history"))
    body = client.get("/api/v1/queue").json()
    assert (body["rows"], body["must_see"], body["listing"]["ranked"]) == ([], [], 0)
    assert "No relationship passed the filters" in client.get("/").text


def test_a_list_that_was_changed_is_not_served(open_desk, rule_var, tmp_path):
    from threat.lists import published

    shutil.copytree(rule_var, tmp_path / "var")
    path = tmp_path / "var" / "lists" / published(tmp_path / "var" / "lists").list / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = client_of(open_desk(tmp_path / "var")).get("/api/v1/queue")
    assert answer.status_code == 503
    assert "frozen" in answer.json()["problem"]
    assert str(tmp_path) not in answer.text


def test_a_suspended_model_s_list_gives_way_at_once(open_desk, model_var, tmp_path):
    from threat.release import promotions
    from threat.release.signing import operator

    shutil.copytree(model_var, tmp_path / "var")
    chain = tmp_path / "var" / "promotions.jsonl"
    signer = operator(tmp_path / "var" / "keys", None)
    client = client_of(open_desk(tmp_path / "var"))
    before = client.get("/api/v1/queue").json()["listing"]
    promotions.suspend(chain, signer, at=NOW, reason="calibration drifted")
    during = client.get("/api/v1/queue").json()
    page = client.get("/").text
    promotions.resume(chain, signer, at=NOW + 60, reason="recalibrated")
    after = client.get("/api/v1/queue").json()["listing"]
    assert (before["ranking"], during["listing"]["ranking"], after) == ("model", "rule", before)
    assert during["listing"]["as_of"] == before["as_of"]
    assert [row["relationship"] for row in during["rows"]] == [G["G01"], G["G02"], G["G03"]]
    assert during["rows"][0]["change"]["kind"] == "another_ranking"
    said = "The model was suspended on 2 January 2025 by DEMONSTRATION release service: calibration drifted."
    assert during["listing"]["ranking_note"] == said
    assert said in page
    assert "Ordered by a rule, not by the model" in page


def test_what_breaks_inside_tells_nothing(desk, monkeypatch):
    def broken(self: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Desk, "view", broken)
    client = client_of(desk)
    for path in ("/api/v1/queue", "/"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert [entry[1:] for entry in entries(desk)[1:]] == [("view queue", "", "failed")] * 2


@pytest.mark.parametrize(
    ("current", "problem"),
    [
        ("spoilt", "current.json is unreadable: it should name the published list."),
        ('{"list": "L-2024-06-01-gone"}', "There is no such list."),
    ],
)
def test_what_is_wrong_here_is_not_the_callers_fault(open_desk, tmp_path, current, problem):
    (tmp_path / "var" / "lists").mkdir(parents=True)
    (tmp_path / "var" / "lists" / "current.json").write_text(current, encoding="utf-8")
    answer = client_of(open_desk(tmp_path / "var")).get("/api/v1/queue")
    assert (answer.status_code, answer.json()["problem"]) == (500, problem)
    assert str(tmp_path) not in answer.text


def test_no_entry_no_answer(desk, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("disk full")

    client = client_of(desk)
    monkeypatch.setattr("serving.desk.request.record", full)
    answer = client.get("/api/v1/queue")
    assert answer.status_code == 500
    assert G["G01"] not in answer.text


# --- the audit log ---


def test_every_read_is_one_entry(desk):
    client = client_of(desk, "reviewer")
    listed = client.get("/api/v1/queue").json()["listing"]["id"]
    client.get(f"/api/v1/relationships/{G['G01']}")
    client.get("/api/v1/relationships/R-0000000000000001")
    client.get("/api/v1/relationships/nonsense")
    client.get("/api/v1/models/current/card")
    client.get("/")
    client.get("/health")
    assert entries(desk) == [
        ("reviewer", "sign in", "", "done"),
        ("reviewer", "view queue", listed, "done"),
        ("reviewer", "view relationship", G["G01"], "done"),
        ("reviewer", "view relationship", "R-0000000000000001", "not found"),
        ("reviewer", "view relationship", "", "refused"),
        ("reviewer", "view model card", "", "not found"),
        ("reviewer", "view queue", listed, "done"),
    ]
    assert verify(desk.engine).entries == 7


def test_readers_at_the_same_moment_keep_one_chain(desk):
    clients = [client_of(desk, role) for role in ("reviewer", "supervisor", "analyst", "reviewer")]
    statuses: list[int] = []

    def read(client: Browser) -> None:
        statuses.extend(client.get(f"/api/v1/relationships/{G['G01']}").status_code for _ in range(5))

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert verify(desk.engine).entries == 4 + 20


# --- who may what ---

READS = {
    "/api/v1/queue": "see_cases",
    f"/api/v1/relationships/{G['G01']}": "see_cases",
    "/api/v1/models/current/card": "see_card",
    f"/relationships/{G['G01']}": "see_cases",
    "/model-card": "see_card",
    "/audit-log": "see_log_state",
}


@pytest.mark.parametrize("role", ROLES)
def test_roles(open_desk, model_var, role):
    desk = open_desk(model_var)
    client = client_of(desk, role)
    for path, permission in READS.items():
        expected = 200 if permission in MAY[role] else 403
        assert client.get(path).status_code == expected, (role, path)
    refused = [entry for entry in entries(desk) if entry[3] == "refused"]
    assert len(refused) == sum(permission not in MAY[role] for permission in READS.values())


def test_governance_and_admin_see_no_case(desk):
    for role, lands in (("governance", "/model-card"), ("admin", "/audit-log")):
        client = client_of(desk, role)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, lands)
        assert G["G01"] not in client.get(lands).text


def test_every_route_is_declared():
    """A route that is added without saying what it needs and logs fails here."""
    found = {
        (method, route.path)
        for router in (api.router, pages.router)
        for route in router.routes
        for method in route.methods
    }
    assert found == {
        ("GET", "/health"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/queue"),
        ("GET", "/api/v1/relationships/{reference}"),
        ("GET", "/api/v1/models/current/card"),
        ("GET", "/"),
        ("GET", "/relationships/{reference}"),
        ("POST", "/relationships/{reference}/names"),
        ("GET", "/model-card"),
        ("GET", "/tour"),
        ("GET", "/audit-log"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
    }


def test_session_cookie(desk):
    client = client_of(desk, None)
    page = client.get("/sign-in")
    answer = client.post("/sign-in", data={"role": "reviewer", "token": token_in(page.text)})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={SHIFT_SECONDS}"):
        assert part in cookie


@pytest.mark.parametrize("change", ["flip", "other key", "role", "empty", "no dot"])
def test_a_forged_cookie_is_nobody(desk, change):
    keeper = desk.keeper
    good = keeper.cookie(keeper.start("analyst", NOW))
    body, _, signature = good.partition(".")
    other = Keeper(b"k" * 32)
    forged = {
        "flip": f"{body}.{'0' if signature[0] != '0' else '1'}{signature[1:]}",
        "other key": other.cookie(other.start("admin", NOW)),
        "role": f"{other.cookie(other.start('admin', NOW)).partition('.')[0]}.{signature}",
        "empty": "",
        "no dot": body,
    }[change]
    assert keeper.read(good, NOW) is not None
    assert keeper.read(forged, NOW) is None


def test_a_session_ends_after_one_shift(open_desk, rule_var):
    now = [NOW]
    client = client_of(open_desk(rule_var, clock=lambda: now[0]))
    assert client.get("/api/v1/queue").status_code == 200
    now[0] += SHIFT_SECONDS
    assert client.get("/api/v1/queue").status_code == 401


def test_a_short_key_is_refused(tmp_path):
    from threat.errors import BadInput

    (tmp_path / "desk.key").write_bytes(b"short")
    with pytest.raises(BadInput, match="at least 32 bytes"):
        Keeper.from_file(tmp_path / "desk.key")


def test_the_key_is_its_owner_s_alone(desk):
    assert (desk.var / "desk.key").stat().st_mode & 0o077 == 0


# --- this machine only, and what the browser is told ---


@pytest.mark.parametrize(
    "where",
    [
        {"host": "desk.example"},
        {"host": "127.0.0.1.example:8000"},
        {"host": "192.168.1.5:8000"},
        {"caller": "192.168.1.5"},
        {"caller": "testclient"},
    ],
)
def test_other_hosts_are_refused(desk, where):
    for path in ("/sign-in", "/health", "/static/desk.css"):
        answer = client_of(desk, None, **where).get(path)
        assert answer.status_code == 403
        assert "this machine only" in answer.json()["problem"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_this_machine_is_answered(desk, host):
    caller = "::1" if host.startswith("[") else "127.0.0.1"
    assert client_of(desk, None, host=host, caller=caller).get("/health").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/queue", "/sign-in", "/nowhere", "/api/v1/nothing", "/health"])
def test_headers(desk, path):
    headers = client_of(desk).get(path).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "script-src" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_openapi(desk):
    document = client_of(desk, None).get("/api/v1/openapi.json").json()
    assert sorted(document["paths"]) == [
        "/api/v1/health",
        "/api/v1/models/current/card",
        "/api/v1/queue",
        "/api/v1/relationships/{reference}",
        "/health",
    ]
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["$ref"].startswith("#/components/schemas/"), path
        for status, answer in methods["get"]["responses"].items():
            if status not in {"200", "422"}:
                assert "application/problem+json" in answer["content"]
    nullable = [name for name, schema in document["components"]["schemas"].items() if "null" in str(schema)]
    assert nullable == []
