"""This machine only, and what every answer tells the browser."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import client_of

from serving.desk.app import HEADERS


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
