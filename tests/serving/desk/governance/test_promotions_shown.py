"""Governance sees every promotion on record: when, what, who, why, and its evidence."""

from __future__ import annotations

import re

from fixtures.desk_browser import STARTED_AT, client_of

from serving.desk.governance.promotions_shown import steps
from threat.asof import DAY
from threat.release import promotions
from threat.trust.folder import Trust


def test_without_a_promotion_the_page_says_so(desk):
    assert steps(desk) == ()
    assert "No promotion is on record." in client_of(desk, "governance").get("/governance").text


def test_every_step_is_on_the_page_with_its_evidence_the_latest_first(
    release, golden_store, open_desk, tmp_path_factory
):
    var = tmp_path_factory.mktemp("suspended and resumed")
    release(golden_store, var)
    path, signer = var / "promotions.jsonl", Trust.open().signer("promotion")
    promotions.suspend(path, signer, at=STARTED_AT + DAY, reason="an odd list")
    promotions.resume(path, signer, at=STARTED_AT + 2 * DAY, reason="the list was right")
    desk = open_desk(var)
    shown = steps(desk)
    assert [(step.number, step.action, step.run, step.states) for step in shown] == [
        (3, "Resumed", "run-1", "suspended to live"),
        (2, "Suspended", "run-1", "live to suspended"),
        (1, "Promoted", "run-1", "draft to live"),
    ]
    assert [step.day for step in shown] == ["4 January 2025", "3 January 2025", "2 January 2025"]
    assert {step.by for step in shown} == {"DEMONSTRATION release service"}
    assert not any(step.witnessed for step in shown)
    first = promotions.read(path).records[0]
    assert shown[-1].evidence == (
        ("Bundle", first["bundle_sha256"]),
        ("Manifest of the RUN", first["run_manifest_sha256"]),
        ("Release digest", first["release"]["release_digest"]),
        ("Policy of the gate", first["release"]["policy"]),
    )
    page = client_of(desk, "governance").get("/governance").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert words.index("the list was right") < words.index("an odd list")
    for said in ("Every promotion on record 3", "record 2, not witnessed yet", "Suspended run-1", "live to suspended"):
        assert said in words
    assert first["run_manifest_sha256"] in page


def test_a_reviewer_does_not_see_them(open_desk, governed_var):
    assert client_of(open_desk(governed_var), "reviewer").get("/governance").status_code == 403
