"""Certificates for AWS's own names, by an authority that the machines trust and nobody else."""

import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Authority:
    """An authority of one run, whose key never leaves its folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700)
        self._folder = folder
        self.certificate = folder / "authority.crt"
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=embedded AWS"),
            *("-keyout", str(folder / "authority.key"), "-out", str(self.certificate)),
        )

    def context(self, names: Sequence[str]) -> ssl.SSLContext:
        """Return a server's context with a certificate for these names."""
        key, request, signed = (self._folder / f"server.{end}" for end in ("key", "csr", "crt"))
        extensions = self._folder / "server.ext"
        extensions.write_text(f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n")
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server"),
            *("-keyout", str(key), "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-days", "2", "-in", str(request), "-extfile", str(extensions)),
            *("-CA", str(self.certificate), "-CAkey", str(self._folder / "authority.key")),
            *("-CAcreateserial", "-out", str(signed)),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(signed, key)
        return context


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
