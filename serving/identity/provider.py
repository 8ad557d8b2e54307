"""The identity provider, by OpenID Connect: where to send somebody, and who the provider says has come back.

Authorization code with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 1.0). Authlib speaks the protocol and checks the
claims; joserfc checks the signature.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from serving.identity.settings import ProviderSettings, is_loopback_name
from serving.identity.signing import Signer
from serving.identity.under_way import UnderWay
from threat import untrusted
from threat.errors import ThreatError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures that are believed: by a key pair. Never none, and never by a secret that a public key could pose as."""

LEEWAY_SECONDS = 60
"""How far the clocks of provider and desk may be apart."""

_TIMEOUT_SECONDS = 10
_LARGEST = 1024 * 1024
"""Bytes of a document of the provider at most: keys and addresses are some kilobytes."""

_KEPT_SECONDS = 3600
"""Addresses and keys are asked for again after an hour, and keys as soon as a token names another."""

_DOWN_SECONDS = 5
"""A provider that did not answer is not asked again by the next who wants to sign in, but after some seconds: each
would wait for it in turn, and nobody else would be served meanwhile."""

_ASK_AGAIN_SECONDS = 30
"""Tokens that name keys that there are not make the desk ask no oftener than this."""


class ProviderUnavailableError(ThreatError):
    """The identity provider did not answer, or not as a provider does."""

    def __init__(self, what: str, value: object = None) -> None:
        super().__init__(
            f"The identity provider cannot be used: {what}.",
            value=value,
            way_out="try again in some minutes; if it goes on, tell whoever runs the desk",
        )


class NotVerifiedError(ThreatError):
    """What came back says nothing that the desk can believe. ``check``: a word for the log, which check it failed."""

    def __init__(self, check: str) -> None:
        self.check = check
        super().__init__(
            "What the identity provider said of you could not be verified.",
            value=check,
            way_out="sign in again; if it goes on, tell whoever runs the desk what is said here",
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """Who the provider says it was. ``authenticated_at``: UTC seconds; 0 where the provider does not say, or
    where it was more weakly than a fresh proof has to be."""

    subject: str
    authenticated_at: int


class Provider:
    """The provider of some settings; safe for threads. Its addresses and keys are asked for when first needed."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._asking = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._down: tuple[float, ProviderUnavailableError] | None = None

    def authorization_address(self, under_way: UnderWay, signer: Signer) -> str:
        """Return where to send somebody to sign in; again, and strongly, where ``under_way`` says so."""
        settings = self.settings
        query = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": settings.redirect_address,
            "scope": "openid",
            "state": under_way.state,
            "nonce": under_way.nonce(signer),
            "code_challenge": create_s256_code_challenge(under_way.verifier(signer)),
            "code_challenge_method": "S256",
        }
        if under_way.again:
            query |= {"prompt": "login", "max_age": "0"}
            query |= {"acr_values": " ".join(settings.acr_values)} if settings.acr_values else {}
        address = str(self._described()["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    def verified(self, query: Mapping[str, str], under_way: UnderWay, signer: Signer, at: int) -> Verified:
        """Exchange the code in ``query`` for a token, and return who it names.

        Raises NotVerifiedError for anything in the answer that does not hold, ProviderUnavailableError.
        """
        described = self._described()
        # RFC 9207: an answer that names another provider is one that was mixed up on purpose.
        issuer = query.get("iss", "")
        if issuer != self.settings.issuer and (
            issuer or described.get("authorization_response_iss_parameter_supported")
        ):
            raise NotVerifiedError("issuer of the answer")
        token, access = self._exchanged(query.get("code", ""), under_way.verifier(signer), described)
        claims = self._claims(token, under_way.nonce(signer), access, at)
        authenticated_at = _whole_seconds(claims.get("auth_time"))
        is_strong = not self.settings.acr_values or claims.get("acr") in self.settings.acr_values
        if under_way.again:
            if authenticated_at < under_way.begun_at - LEEWAY_SECONDS:
                raise NotVerifiedError("time of signing in again")
            if not is_strong:
                raise NotVerifiedError("strength of signing in again")
        elif not is_strong:
            # Else signing out and in would do for the fresh proof that an act asks for, however weak the sign-in was.
            authenticated_at = 0
        return Verified(str(claims["sub"]), min(authenticated_at, at))

    def sign_out_address(self) -> str:
        """Return where a signed-out person ends the session at the provider too; empty where it has no such address."""
        endpoint = self._described().get("end_session_endpoint")
        if not endpoint:
            return ""
        query = {
            "client_id": self.settings.client_id,
            "post_logout_redirect_uri": f"{self.settings.desk}/sign-in",
        }
        return f"{endpoint}?{urlencode(query)}"

    def _exchanged(self, code: str, verifier: str, described: Mapping[str, Any]) -> tuple[str, str]:
        methods = described.get("token_endpoint_auth_methods_supported") or ("client_secret_basic",)
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        settings = self.settings
        with OAuth2Session(
            settings.client_id,
            settings.client_secret,
            token_endpoint_auth_method=method,
            redirect_uri=settings.redirect_address,
            default_timeout=_TIMEOUT_SECONDS,
        ) as session:
            try:
                answer = session.fetch_token(
                    described["token_endpoint"], code=code, code_verifier=verifier, allow_redirects=False
                )
            except requests.RequestException as error:
                raise ProviderUnavailableError("it did not answer", type(error).__name__) from None
            except (AuthlibBaseError, ValueError):
                raise NotVerifiedError("code") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotVerifiedError("no ID token")
        return token, str(answer.get("access_token", ""))

    def _claims(self, token: str, nonce: str, access: str, at: int) -> Mapping[str, Any]:
        try:
            decoded = self._decoded(token)
        except (JoseError, ValueError):
            raise NotVerifiedError("signature") from None
        return checked_claims(decoded, self.settings, nonce, access, at)

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # The provider may have begun to sign with a key that the desk has not seen.
            return jwt.decode(token, self._key_set(_ASK_AGAIN_SECONDS), algorithms=ALGORITHMS)

    def _described(self) -> dict[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0), checked."""
        with self._asking:
            if self._metadata is not None and time.monotonic() - self._metadata[0] <= _KEPT_SECONDS:
                return self._metadata[1]
            if self._down is not None and time.monotonic() - self._down[0] <= _DOWN_SECONDS:
                raise self._down[1].with_traceback(None)
            try:
                described = _description(self.settings.issuer)
            except ProviderUnavailableError as error:
                self._down = time.monotonic(), error
                raise
            self._metadata, self._down = (time.monotonic(), described), None
            return described

    def _key_set(self, kept_seconds: float = _KEPT_SECONDS) -> KeySet:
        address = self._described()["jwks_uri"]
        with self._asking:
            if self._keys is None or time.monotonic() - self._keys[0] > kept_seconds:
                keys = _get(address).get("keys")
                listed = keys if isinstance(keys, list) else []
                # Of key pairs alone: a shared secret has no place in what everybody may read.
                pairs = [key for key in listed if isinstance(key, dict) and key.get("kty") in {"RSA", "EC", "OKP"}]
                try:
                    self._keys = time.monotonic(), KeySet.import_key_set({"keys": pairs})
                except (JoseError, ValueError, TypeError, KeyError):
                    raise ProviderUnavailableError("its keys cannot be read", address) from None
            return self._keys[1]


def _description(issuer: str) -> dict[str, Any]:
    """Ask a provider for what it says of itself. Raises ProviderUnavailableError for what no provider says."""
    described = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if described.get("issuer") != issuer:
        raise ProviderUnavailableError("it says that it is another", described.get("issuer"))
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    given = [name for name in ("end_session_endpoint",) if described.get(name)]
    for name in (*wanted, *given):
        if not _is_encrypted(described.get(name)):
            raise ProviderUnavailableError(f"its {name} is no https address", described.get(name))
    return described


def checked_claims(
    decoded: jwt.Token, settings: ProviderSettings, nonce: str, access: str, at: int
) -> Mapping[str, Any]:
    """Return the claims of an ID token whose signature holds, if they hold too. Raises NotVerifiedError.

    ``at``: UTC seconds. What is checked: OpenID Connect Core 1.0, section 3.1.3.7.
    """
    options = {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "sub": {"essential": True},
    }
    params = {"nonce": nonce, "client_id": settings.client_id, "access_token": access}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    try:
        claims.validate(now=at, leeway=LEEWAY_SECONDS)
    except JoseError as error:
        raise NotVerifiedError(str(getattr(error, "claim", "") or error.error)) from None
    except (TypeError, ValueError, KeyError):
        raise NotVerifiedError("a claim of another type") from None
    return claims


def _whole_seconds(said: object) -> int:
    """Return when somebody proved who they are; 0 where the provider does not say it in seconds."""
    return int(said) if isinstance(said, int | float) and math.isfinite(said) else 0


def _get(address: str) -> dict[str, Any]:
    try:
        with requests.get(address, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                raise ProviderUnavailableError(
                    "it did not answer as a provider does", f"{answer.status_code} {address}"
                )
            return untrusted.decode_object(answer.raw.read(_LARGEST + 1, decode_content=True), largest=_LARGEST)
    except requests.RequestException as error:
        raise ProviderUnavailableError("it did not answer", type(error).__name__) from None
    except untrusted.MalformedError as error:
        raise ProviderUnavailableError("what it says of itself cannot be read", error) from None


def _is_encrypted(address: object) -> bool:
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(parts.hostname or ""))
