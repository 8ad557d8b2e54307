"""Orders on the page of a person: an order on a subject is for the other person, whoever's page it is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from fixtures.case_force import ev
from fixtures.desk_browser import NOW, client_of
from fixtures.published_force import person, publish

from serving.desk.service import Desk

HIS, HERS = person("man"), person("ex")
EXPORT = {
    "events": [
        ev("restraining_order", "2024-05-01T10:00", s="man", v="ex", until="2024-08-01T10:00"),
        ev("non_molestation_order", "2024-05-02T10:00", s="ex", v="man", until="2024-08-02T10:00"),
    ]
}


@pytest.mark.parametrize(
    ("who", "sentences"),
    [
        (
            "man",
            {
                f"Restraining order towards {HERS} since 1 May 2024, until 1 August 2024",
                "Non-molestation order towards this person since 2 May 2024, until 2 August 2024",
            },
        ),
        (
            "ex",
            {
                "Restraining order towards this person since 1 May 2024, until 1 August 2024",
                f"Non-molestation order towards {HIS} since 2 May 2024, until 2 August 2024",
            },
        ),
    ],
)
def test_an_order_is_never_turned_round(tmp_path: Path, who: str, sentences: set[str]) -> None:
    force = publish(EXPORT, tmp_path / "var")
    with closing(
        Desk(force.store, tmp_path / "var", clock=lambda: NOW, database_path=tmp_path / "desk.sqlite")
    ) as desk:
        in_force = client_of(desk).get(f"/api/v1/people/{person(who)}").json()["in_force"]
    assert {stated["circumstance"]["sentence"] for stated in in_force} == sentences
