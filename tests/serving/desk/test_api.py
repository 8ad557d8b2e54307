"""The API: what it answers, that its errors are problem documents, and its schema."""

from __future__ import annotations

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, client_of
from fixtures.golden_lists import REFERENCE, event_of
from fixtures.incident_records import records_in
from fixtures.log_entries import entries

from serving.lists.making import ListOptions, make_list
from threat.history.store import Store

pytestmark = pytest.mark.usefixtures("every_place")

PROBLEM = ["type", "title", "status", "detail", "problem", "value", "where", "way_out"]


def test_the_queue(desk):
    answer = client_of(desk).get("/api/v1/queue")
    assert answer.status_code == 200
    body = answer.json()
    assert [row["relationship"] for row in body["rows"][:3]] == [REFERENCE["G01"], REFERENCE["G02"], REFERENCE["G03"]]
    assert [row["rank"] for row in body["rows"][:3]] == [1, 2, 3]
    assert body["listing"]["ranking"] == "rule"
    assert body["listing"]["ranking_note"] == "No model has been released."
    assert body["listing"]["as_of"] == "2024-06-01T00:00:00Z"
    assert (body["listing"]["ranked"], body["listing"]["capacity"]) == (10, 3)
    assert body["limits"][0].startswith("Not being on this list is not a sign of safety.")
    assert {touched["relationship"] for item in body["must_see"] for touched in item["relationships"]} == {
        REFERENCE["G01"],
        REFERENCE["G02"],
    }
    assert body["rows"][0]["change"]["kind"] in {"rose", "same", "new"}
    for row in body["rows"]:
        assert row["base"] + sum(reason["contribution"] for reason in row["reasons"]) == pytest.approx(row["score"])


def test_a_relationship(desk):
    body = client_of(desk).get(f"/api/v1/relationships/{REFERENCE['G06']}").json()
    assert body["other_way"] == REFERENCE["G10"]
    assert body["relationship_kind"] == "Former partner"
    assert body["standing"]["kind"] == "ranked"
    assert body["standing"]["rank"] == 6
    shown = records_in(body["incidents"])
    release = shown[event_of("f5")]
    assert (release["ahead"], release["direction"]) == (True, "subject")
    assert shown[event_of("f1")]["direction"] == "this_way"
    assert shown[event_of("j1")]["direction"] == "other_way"
    assert (body["incidents"]["page"], body["incidents"]["pages"]) == (1, 1)
    assert body["incidents"]["records"] == len(shown)


def test_what_nobody_did_to_anyone_is_not_headed_as_an_act(desk):
    """A grade and a visit are about the relationship; an assault is headed by its direction."""
    body = client_of(desk).get(f"/api/v1/relationships/{REFERENCE['G09']}").json()
    shown = {
        event: (record["title"], record["detail"], record["direction_title"])
        for event, record in records_in(body["incidents"]).items()
    }
    assert {shown[event_of(name)] for name in ("i1", "i2", "i3")} == {
        ("Assault with injury", "", "Subject towards person at risk"),
        ("Officer risk grade", "standard", "About this relationship"),
        ("Contact by the unit", "visit", "About this relationship"),
    }


def test_nothing_recorded_later_or_withdrawn_is_shown(desk):
    client = client_of(desk)
    for name, hidden in (("G01", "a13"), ("G02", "b8"), ("G07", "g4"), ("G08", "h4")):
        body = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()
        assert event_of(hidden) not in records_in(body["incidents"])


@pytest.mark.parametrize("name", ["G11", "G12"])
def test_one_that_is_not_eligible_is_shown_and_not_called_anything(desk, name):
    body = client_of(desk).get(f"/api/v1/relationships/{REFERENCE[name]}").json()
    assert body["standing"]["kind"] == "not_ranked"
    assert "not a sign of safety" in body["standing"]["sentence"]


def test_every_relationship_of_the_force_opens(desk):
    client = client_of(desk)
    assert {client.get(f"/api/v1/relationships/{reference}").status_code for reference in REFERENCE.values()} == {200}


def test_the_model_s_list_and_card(open_desk, model_var):
    client = client_of(open_desk(model_var), "analyst")
    body = client.get("/api/v1/queue").json()
    assert (body["listing"]["ranking"], body["listing"]["demonstration"]) == ("model", True)
    card = client.get("/api/v1/models/current/card").json()
    assert (card["run"], card["state"], card["environment"]) == ("run-1", "live", "demonstration")
    for name in golden.ORDER:
        standing = client.get(f"/api/v1/relationships/{REFERENCE[name]}").json()["standing"]
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
    for path in ("/api/v1/queue", f"/api/v1/relationships/{REFERENCE['G01']}", "/api/v1/models/current/card"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["problem"]) == (401, "Nobody is signed in.")
    assert [entry[0] for entry in entries(desk)] == ["nobody"] * 3
    assert {entry[-1] for entry in entries(desk)} == {"refused"}


def test_no_list_published(open_desk, tmp_path):
    client = client_of(open_desk(tmp_path / "empty"))
    answer = client.get("/api/v1/queue")
    assert (answer.status_code, answer.json()["problem"]) == (404, "No list has been published yet.")
    assert client.get("/health").json() == {"status": "ok", "version": "0.1.0", "list_published": False}
    page = client.get("/")
    assert page.status_code == 200
    assert "not a sign of safety" in page.text


def test_an_empty_force(open_desk, tmp_path):
    Store.create(tmp_path / "history")
    make_list(tmp_path / "history", tmp_path / "var", golden.AS_OF, ListOptions(publish=True), started_at=NOW)
    client = client_of(open_desk(tmp_path / "var", store=tmp_path / "history"))
    body = client.get("/api/v1/queue").json()
    assert (body["rows"], body["must_see"], body["listing"]["ranked"]) == ([], [], 0)
    assert "No relationship passed the filters" in client.get("/").text


def test_openapi(desk):
    document = client_of(desk, None).get("/api/v1/openapi.json").json()
    assert sorted(document["paths"]) == [
        "/api/v1/events",
        "/api/v1/health",
        "/api/v1/models/current/card",
        "/api/v1/people/{reference}",
        "/api/v1/queue",
        "/api/v1/relationships/{reference}",
        "/health",
    ]
    for path, methods in document["paths"].items():
        (method,) = methods
        assert method == ("post" if path == "/api/v1/events" else "get")
        schema = methods[method]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["$ref"].startswith("#/components/schemas/"), path
        for status, answer in methods[method]["responses"].items():
            if status not in {"200", "422"}:
                assert "application/problem+json" in answer["content"]
    nullable = [name for name, schema in document["components"]["schemas"].items() if "null" in str(schema)]
    assert nullable == []
