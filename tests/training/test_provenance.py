"""With which code a RUN was made: a checkout, one with changes, none, and one that git does not answer for."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from threat.checkout import checkout_of
from threat.files import sha256_of
from training import provenance as rooms
from training.provenance import provenance


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of one commit with a lock file."""
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    identity = ("-c", "user.name=DEMONSTRATION", "-c", "user.email=nobody@invalid")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "First")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def test_a_checkout_says_its_commit_its_lock_and_whether_files_were_changed(checkout: Path) -> None:
    head = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
    clean = provenance(root=checkout)
    assert (clean.checkout, clean.commit, clean.lock_sha256) == ("clean", commit, sha256_of(b"numpy==2.4.6\n"))
    assert (clean.product_version, clean.python) == (
        version("threat-assessment"),
        f"CPython {platform.python_version()}",
    )
    assert clean.platform.startswith(f"{platform.system()} {platform.machine()}")
    assert clean.libraries["lightgbm"] == version("lightgbm")
    (checkout / "new.py").write_text("")
    changed = provenance(root=checkout)
    assert changed == clean.model_copy(update={"checkout": "changed"})


def test_an_installed_product_is_no_checkout_and_takes_no_lock_file_for_its_own(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("somebody else's\n")
    installed = provenance(root=tmp_path)
    assert (installed.checkout, installed.commit, installed.lock_sha256) == ("none", None, None)


def test_a_checkout_without_git_or_without_a_commit_is_unknown(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    subprocess.run(["git", "init", "-q", str(empty)], check=True)
    assert checkout_of(empty) == ("unknown", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout_of(checkout) == ("unknown", None)


def test_the_policies_are_those_read_with_the_hash_of_their_file(tmp_path: Path) -> None:
    theirs = tmp_path / "policy.yaml"
    theirs.write_text('version: "ours-4"\n')
    policies = provenance(theirs, root=tmp_path).policies
    assert (policies.eligibility.version, policies.eligibility.sha256) == ("ours-4", sha256_of(theirs))
    gate = Path(rooms.__file__).parent / "gate" / "policy.yaml"
    assert policies.gate.sha256 == sha256_of(gate)
    assert policies.fairness.version.startswith("fairness-")
