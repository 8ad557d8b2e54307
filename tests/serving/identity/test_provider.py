"""What the desk believes of a provider: signatures of key pairs that it publishes, and addresses over TLS."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from serving.identity import under_way
from serving.identity.provider import NotVerifiedError, Provider, ProviderUnavailableError, Verified
from serving.identity.settings import ProviderSettings
from serving.identity.signing import Signer

ISSUER, NOW = "https://login.example", 1_800_000_000
SETTINGS = ProviderSettings(ISSUER, "threat-desk", "a secret of 32 bytes or some more", "https://threat.example", "IT")
SIGNER = Signer(b"k" * 32)
BEGUN = under_way.begin(NOW)
RSA, OTHER, EC = RSAKey.generate_key(2048), RSAKey.generate_key(2048), ECKey.generate_key("P-256")
DESCRIBED = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "end_session_endpoint": f"{ISSUER}/leave",
}


def published(key: Any, kid: str) -> dict[str, Any]:
    return key.as_dict(private=False) | {"kid": kid}


def claims(**changes: object) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "sub": "ann",
        "aud": "threat-desk",
        "exp": NOW + 300,
        "iat": NOW,
        "auth_time": NOW - 30,
        "nonce": BEGUN.nonce(SIGNER),
    } | changes


def signed(key: Any = RSA, kid: str = "rsa", algorithm: str = "RS256", **changes: object) -> str:
    """A token; a claim that is None is left out."""
    said = {name: value for name, value in claims(**changes).items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": kid}, said, key, algorithms=[algorithm])


def unsigned() -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "kid": "rsa"}, claims())
    )
    return f"{head}.{body}."


class Answers:
    """What the provider answers by address: a document, bytes, or a status; and what it was asked."""

    def __init__(self) -> None:
        self.by_address: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": DESCRIBED,
            f"{ISSUER}/keys": {"keys": [published(RSA, "rsa"), published(EC, "ec")]},
        }
        self.asked: list[str] = []

    def get(self, address: str, **options: Any) -> requests.Response:
        assert options["allow_redirects"] is False
        assert options["timeout"] == 10
        self.asked.append(address)
        said = self.by_address[address]
        if isinstance(said, Exception):
            raise said
        answer = requests.Response()
        answer.status_code = said if isinstance(said, int) else 200
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        answer.raw = _Raw(content)
        return answer


class _Raw(io.BytesIO):
    def read(self, size: int | None = -1, decode_content: bool = False) -> bytes:
        return super().read(size)

    def release_conn(self) -> None:
        """Nothing is kept open."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    answers = Answers()
    monkeypatch.setattr("serving.identity.provider.requests.get", answers.get)
    return answers


Believed = Callable[[str], Verified]


@pytest.fixture
def believed(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Believed:
    """What the desk believes when the provider exchanges a code for a token."""
    provider = Provider(SETTINGS)

    def verified(token: str) -> Verified:
        monkeypatch.setattr(OAuth2Session, "fetch_token", lambda *_, **__: {"id_token": token})
        return provider.verified({"code": "c"}, BEGUN, SIGNER, NOW)

    return verified


def test_a_token_of_either_kind_of_key_is_believed(believed: Believed) -> None:
    for algorithm, kid, key in (("RS256", "rsa", RSA), ("ES256", "ec", EC), ("PS256", "rsa", RSA)):
        assert believed(signed(key, kid, algorithm)) == Verified("ann", NOW - 30)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned, id="unsigned"),
        pytest.param(lambda: signed(OTHER), id="a key of nobody"),
        pytest.param(
            lambda: signed(OctKey.import_key(SETTINGS.client_secret), algorithm="HS256"),
            id="client secret",
        ),
        pytest.param(
            lambda: signed(OctKey.import_key(RSA.as_pem(private=False).hex()), algorithm="HS256"),
            id="the public key as a secret",
        ),
        pytest.param(lambda: "no.token.atall", id="no token"),
        pytest.param(lambda: "", id="empty"),
    ],
)
def test_what_no_published_key_signed_is_refused(believed: Believed, token: Callable[[], str]) -> None:
    with pytest.raises(NotVerifiedError) as caught:
        believed(token())
    assert caught.value.check == "signature"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"nonce": None}, "nonce"),
        ({"aud": []}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"exp": NOW - 60}, "exp"),
        ({"nbf": NOW + 61}, "nbf"),
        ({"iss": [ISSUER]}, "iss"),
    ],
)
def test_a_claim_that_does_not_hold_is_named(believed: Believed, changes: dict[str, object], check: str) -> None:
    token = signed(**changes)
    with pytest.raises(NotVerifiedError) as caught:
        believed(token)
    assert caught.value.check == check


def test_who_proved_it_in_the_future_proved_it_now_and_who_says_no_time_never(believed: Believed) -> None:
    for said, understood in ((NOW + 40, NOW), (NOW - 1.5, NOW - 2), (True, 1)):
        token = signed(auth_time=said)
        assert believed(token).authenticated_at == understood


def test_a_sign_in_weaker_than_a_fresh_proof_has_to_be_does_for_none(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Provider(replace(SETTINGS, acr_values=("phr", "phrh")))
    for said, understood in (("pwd", 0), (None, 0), (["phr"], 0), ("phr", NOW - 30), ("phrh", NOW - 30)):
        token = signed(acr=said)
        monkeypatch.setattr(OAuth2Session, "fetch_token", lambda *_, token=token, **__: {"id_token": token})
        assert provider.verified({"code": "c"}, BEGUN, SIGNER, NOW) == Verified("ann", understood)


def test_a_key_that_the_desk_has_not_seen_is_asked_for_once_in_a_while(
    believed: Believed, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("serving.identity.provider.time.monotonic", lambda: now[0])
    believed(signed())
    answers.by_address[f"{ISSUER}/keys"] = {"keys": [published(OTHER, "other")]}
    token = signed(OTHER, "other")
    with pytest.raises(NotVerifiedError):
        believed(token)  # within half a minute nobody makes the desk ask again
    now[0] += 31
    assert believed(token).subject == "ann"
    assert answers.asked.count(f"{ISSUER}/keys") == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (requests.ConnectionError("refused"), "it did not answer"),
        (requests.Timeout("slow"), "it did not answer"),
        (503, "not answer as a provider does"),
        (302, "not answer as a provider does"),
        (b"<html>", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"a": "' + b"x" * 1024 * 1024 + b'"}', "cannot be read"),
        (DESCRIBED | {"issuer": "https://other.example"}, "it says that it is another"),
        (DESCRIBED | {"token_endpoint": "http://login.example/token"}, "its token_endpoint is no https address"),
        (DESCRIBED | {"jwks_uri": None}, "its jwks_uri is no https address"),
        (DESCRIBED | {"end_session_endpoint": "javascript:alert(1)"}, "its end_session_endpoint is no https address"),
    ],
)
def test_a_provider_that_is_none_is_said_in_words(answers: Answers, said: object, words: str) -> None:
    answers.by_address[f"{ISSUER}/.well-known/openid-configuration"] = said
    with pytest.raises(ProviderUnavailableError, match="The identity provider cannot be used") as caught:
        Provider(SETTINGS).authorization_address(BEGUN, SIGNER)
    assert words in str(caught.value)


def test_a_provider_that_is_down_keeps_nobody_waiting_in_turn(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("serving.identity.provider.time.monotonic", lambda: now[0])
    description = f"{ISSUER}/.well-known/openid-configuration"
    answers.by_address[description] = requests.Timeout("slow")
    provider = Provider(SETTINGS)
    for _ in range(3):
        with pytest.raises(ProviderUnavailableError):
            provider.sign_out_address()
    assert answers.asked == [description]
    answers.by_address[description] = DESCRIBED
    now[0] += 6
    assert provider.sign_out_address().startswith(f"{ISSUER}/leave?")


def test_keys_that_are_none_are_said_in_words(believed: Believed, answers: Answers) -> None:
    answers.by_address[f"{ISSUER}/keys"] = {"keys": [{"kty": "RSA"}]}
    with pytest.raises(ProviderUnavailableError, match="its keys cannot be read"):
        believed(signed())


def test_an_answer_must_name_its_issuer_where_the_provider_says_that_it_does(answers: Answers) -> None:
    answers.by_address[f"{ISSUER}/.well-known/openid-configuration"] = DESCRIBED | {
        "authorization_response_iss_parameter_supported": True
    }
    with pytest.raises(NotVerifiedError) as caught:
        Provider(SETTINGS).verified({"code": "c"}, BEGUN, SIGNER, NOW)
    assert caught.value.check == "issuer of the answer"


def test_a_provider_that_ends_no_sessions_has_no_address_for_it(answers: Answers) -> None:
    without = {name: value for name, value in DESCRIBED.items() if name != "end_session_endpoint"}
    answers.by_address[f"{ISSUER}/.well-known/openid-configuration"] = without
    assert Provider(SETTINGS).sign_out_address() == ""


def test_the_code_is_exchanged_with_the_verifier_of_its_challenge(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    sent: dict[str, Any] = {}

    def fetch(self: OAuth2Session, url: str, **given: Any) -> dict[str, str]:
        sent.update(given, url=url, method=self.token_endpoint_auth_method)
        return {"id_token": signed()}

    monkeypatch.setattr(OAuth2Session, "fetch_token", fetch)
    provider = Provider(SETTINGS)
    address = provider.authorization_address(BEGUN, SIGNER)
    provider.verified({"code": "the code"}, BEGUN, SIGNER, NOW)
    assert (sent["url"], sent["code"], sent["method"]) == (f"{ISSUER}/token", "the code", "client_secret_basic")
    assert f"code_challenge={create_s256_code_challenge(sent['code_verifier'])}&" in address
    assert sent["code_verifier"] not in address
    assert sent["code_verifier"] not in BEGUN.cookie(SIGNER)
    assert sent["allow_redirects"] is False
