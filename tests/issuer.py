"""An OpenID Connect issuer of the tests' own, on the loopback."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

AUDIENCE = "predictions"
HOUR = 3600


def encoded(data: bytes) -> str:
    """base64url, as a token has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number of a key, as a JWK has it."""
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """A token, by the algorithm that its header names."""
    parts = [encoded(json.dumps(part).encode()) for part in (header, claims)]
    message = ".".join(parts).encode()
    match header["alg"]:
        case "RS256" | "RS512":
            hashed = hashes.SHA256() if header["alg"] == "RS256" else hashes.SHA512()
            signature = key.sign(message, padding.PKCS1v15(), hashed)
        case "ES256":
            r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(32) + s.to_bytes(32)
        case "HS256":
            signature = hmac.digest(key, message, hashlib.sha256)
        case _:
            signature = b""
    return ".".join([*parts, encoded(signature)])


class Issuer:
    """Keys, the documents that publish them, and tokens."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.secret = encoded(self.rsa.private_numbers().d.to_bytes(256))[:32]
        """What it knows its one program by, for the client credentials grant."""
        self.url = ""
        self.asked: list[str] = []

    @cached_property
    def keys(self) -> list[dict[str, str]]:
        """The public keys, as JSON Web Keys."""
        of_rsa = self.rsa.public_key().public_numbers()
        of_ec = self.ec.public_key().public_numbers()
        return [
            {
                "kty": "RSA",
                "kid": "rsa",
                "use": "sig",
                "n": number(of_rsa.n),
                "e": number(of_rsa.e),
            },
            {
                **{"kty": "EC", "kid": "ec", "use": "sig", "crv": "P-256"},
                "x": encoded(of_ec.x.to_bytes(32)),
                "y": encoded(of_ec.y.to_bytes(32)),
            },
        ]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good token says, with changes; None leaves a claim out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "somebody", "iat": now, "exp": now + HOUR}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """A token of the issuer's RSA key."""
        return signed({"alg": "RS256", "kid": "rsa"}, self.claims(**changes), self.rsa)

    def expired(self) -> str:
        """A token that was good until a minute ago."""
        return self.token(exp=int(time.time()) - 60)

    def wrong(self) -> dict[str, str]:
        """Tokens that are none of this API's, by what is wrong with them."""
        rs256 = {"alg": "RS256", "kid": "rsa"}
        head, claims, signature = self.token().split(".")
        public = self.rsa.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        other = encoded(json.dumps(self.claims(sub="root")).encode())
        return {
            "no token": "hunter2",
            "another's key": signed(rs256, self.claims(), self.stranger),
            "a key that nobody knows": signed(
                {"alg": "RS256", "kid": "other"}, self.claims(), self.stranger
            ),
            "no key named": signed({"alg": "RS256"}, self.claims(), self.rsa),
            "other claims than were signed": f"{head}.{other}.{signature}",
            "no signature": f"{head}.{claims}.",
            "the algorithm none": signed({"alg": "none", "kid": "rsa"}, self.claims(), None) + "AA",
            "the public key as a secret": signed(
                {"alg": "HS256", "kid": "rsa"}, self.claims(), public
            ),
            "an algorithm that nobody named": signed(
                {"alg": "RS512", "kid": "rsa"}, self.claims(), self.rsa
            ),
            "another issuer": self.token(iss="http://127.0.0.1:9"),
            "another application": self.token(aud="payroll"),
            "no application": self.token(aud=None),
            "no end": self.token(exp=None),
            "a beginning that is to come": self.token(nbf=int(time.time()) + HOUR),
        }


@contextmanager
def issuer() -> Iterator[Issuer]:
    """Run an issuer while the block does."""
    issuing = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuing.asked.append(self.path)
            documents = {
                "/.well-known/openid-configuration": {
                    "issuer": issuing.url,
                    "jwks_uri": f"{issuing.url}/keys",
                    "token_endpoint": f"{issuing.url}/token",
                },
                "/keys": {"keys": issuing.keys},
            }
            self._answer(documents.get(self.path))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            good = {
                "grant_type": ["client_credentials"],
                "client_id": ["program"],
                "client_secret": [issuing.secret],
                "audience": [AUDIENCE],
            }
            granted = {"access_token": issuing.token(), "token_type": "Bearer"}
            self._answer(granted if (self.path, form) == ("/token", good) else None)

        def _answer(self, document: object) -> None:
            self.send_response(404 if document is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuing.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuing
    finally:
        server.shutdown()
        server.server_close()
