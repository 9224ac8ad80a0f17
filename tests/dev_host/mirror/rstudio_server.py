"""A package that is laid out as RStudio Server's, with a server that has its login page alone.

Posit publishes RStudio Server on a server of its own only. This has the real one's paths, service,
configuration file and login by the system's users, in place of its code.
"""

import shutil
import subprocess
from pathlib import Path

_SERVER = '''#!/usr/bin/python3
"""Answers like RStudio Server's login: its page, and whether a user's password is right."""

import crypt
import http.server
import subprocess
import urllib.parse
from pathlib import Path

PAGE = b"<html><head><title>RStudio: Sign In</title></head><body>Sign in to RStudio</body></html>"
lines = Path("/etc/rstudio/rserver.conf").read_text().splitlines()
conf = dict(line.split("=", 1) for line in lines if "=" in line)


def is_right(user, password):
    entry = subprocess.run(["getent", "shadow", user], capture_output=True, text=True).stdout
    stored = (entry.split(":") + ["", ""])[1]
    return stored.startswith("$") and crypt.crypt(password, stored) == stored


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/auth-sign-in":
            self.answer(200, PAGE)
        else:
            self.answer(302, b"", "/auth-sign-in")

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = is_right(form["username"][0], form["password"][0])
        self.answer(302, b"", "/" if right else "/auth-sign-in?error=2")

    def answer(self, status, body, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


address = (conf.get("www-address", "0.0.0.0"), int(conf.get("www-port", "8787")))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
'''
_SERVICE = """[Unit]
Description=RStudio Server
After=network-online.target

[Service]
ExecStart=/usr/lib/rstudio-server/bin/rserver
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
_FILES = {
    "usr/lib/rstudio-server/bin/rserver": _SERVER,
    "usr/lib/systemd/system/rstudio-server.service": _SERVICE,
    "etc/rstudio/rserver.conf": "# Server Configuration File\n\n",
    "DEBIAN/conffiles": "/etc/rstudio/rserver.conf\n",
    "DEBIAN/postinst": "#!/bin/sh\nset -e\nsystemctl daemon-reload\n"
    "systemctl enable rstudio-server.service\nsystemctl restart rstudio-server.service\n",
}


def make(target: Path, work: Path, *, version: str, architecture: str) -> None:
    """Write the package to `target`, laid out in `work`."""
    for name, text in _FILES.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    (work / "DEBIAN/control").write_text(
        f"Package: rstudio-server\nVersion: {version}\nArchitecture: {architecture}\n"
        "Maintainer: nobody <nobody@example.com>\nDepends: psmisc\n"
        "Description: stands in for RStudio Server in tests\n"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", work, target], check=True, capture_output=True
    )
    shutil.rmtree(work)
