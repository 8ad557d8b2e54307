"""The desk in a process of its own, and the port it asks for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from fixtures.sign_in_settings import write_settings

from serving.demonstration.run import run
from serving.desk.server import listen
from threat.errors import UsageError


def test_the_desk_in_a_process_of_its_own(golden_store, rule_var):
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "threat.cli", "serve", "--development", "--port", "0", "--json"),
            *("--store", str(golden_store), "--var", str(rule_var)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    try:
        address = json.loads(process.stdout.readline())["address"]
        with urllib.request.urlopen(f"{address}health", timeout=30) as answer:
            assert json.load(answer) == {"status": "ok", "version": "0.1.0", "list_published": True}
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "Server" not in answer.headers
        with urllib.request.urlopen(f"{address}sign-in", timeout=30) as answer:
            assert "Development sign-in" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        _, noise = process.communicate(timeout=30)
        assert process.returncode == 0
        assert noise == "The desk is closed.\n"
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_the_desk_in_a_process_of_its_own_where_people_sign_in_at_a_provider(golden_store, rule_var, tmp_path):
    settings = write_settings(tmp_path, issuer="http://127.0.0.1:9", desk="http://127.0.0.1:8000")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "threat.cli", "serve", "--development", "--port", "0", "--json"),
            *("--host", "0.0.0.0", "--store", str(golden_store), "--var", str(rule_var)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error", "THREAT_SIGN_IN": str(settings)},
    )
    try:
        started = json.loads(process.stdout.readline())
        assert started["issuer"] == "http://127.0.0.1:9"
        port = started["address"].rstrip("/").rpartition(":")[2]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=30) as answer:
            page = answer.read().decode()
        assert "identity provider, and come back here." in page
        assert "Development sign-in" not in page
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use") as caught:
            listen("127.0.0.1", port)
        assert str(port) in str(caught.value)
        assert caught.value.way_out == "--port 0 picks a free one"
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            run(Path("nowhere"), port=port, serve=True, seed=7, fresh=False, as_json=True)
    assert not Path("nowhere").exists()


def test_other_machines_are_answered_where_people_sign_in_at_a_provider_alone():
    with pytest.raises(UsageError, match="its development sign-in serves this machine only") as caught:
        listen("0.0.0.0", 0)
    assert "THREAT_SIGN_IN" in caught.value.way_out
    with pytest.raises(UsageError, match="This is no address of this machine"):
        listen("desk.example", 0, anywhere=True)
    with listen("0.0.0.0", 0, anywhere=True) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_settings_that_are_wrong_open_no_desk(threat, golden_store, tmp_path, monkeypatch):
    settings = write_settings(tmp_path, issuer="login", limits={"idle_minutes": 90, "longest_minutes": 60})
    monkeypatch.setenv("THREAT_SIGN_IN", str(settings))
    var = tmp_path / "var"
    code, said, _ = threat("serve", "--development", "--port", "0", "--store", str(golden_store), "--var", str(var))
    assert (code, said["problem"].splitlines()[0]) == (2, "2 problems:")
    assert not var.exists()
