"""Stands in for session-manager-plugin: tells a file how it was called, and is the tunnel's end."""

import http.server
import json
import os
import sys
from pathlib import Path


class RStudio(http.server.BaseHTTPRequestHandler):
    """Answers as RStudio does who nobody has logged in to."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/auth-sign-in")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    told = Path(os.environ["STAND_IN"])
    if sys.argv[1:] == ["--version"]:
        print(os.environ.get("STAND_IN_VERSION", "1.2.707.0"))
        return
    called = {
        "pid": os.getpid(),
        "arguments": sys.argv[1:],
        "response": os.environ.get("AWS_SSM_START_SESSION_RESPONSE"),
    }
    if os.environ.get("STAND_IN_FAILS"):
        print("Starting session with SessionId: session-0\n\nCannot perform start session: EOF")
        told.write_text(json.dumps(called))
        sys.exit(1)
    parameters = json.loads(sys.argv[5])["Parameters"]
    port = int(parameters["localPortNumber"][0])
    with http.server.HTTPServer(("127.0.0.1", port), RStudio) as server:
        told.write_text(json.dumps(called))
        # ends by itself after so many requests, as a tunnel does whose host stops
        for _ in range(int(os.environ.get("STAND_IN_REQUESTS", "1000"))):
            server.handle_request()
    print("SessionId: session-0 has been closed")


if __name__ == "__main__":
    main()
