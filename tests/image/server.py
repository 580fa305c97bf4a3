"""A provider with a certificate of an authority of its own: https://shop.example.com, on a free port of loopback.

server.py FOLDER    makes FOLDER/authority.pem, serves, and writes its port into FOLDER/port

/charges answers with three charges, /charges/ID with one; /held never answers, and writes FOLDER/asked when it is asked.
"""

import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import threading
import time

NAME = "shop.example.com"
CHARGES = [{"id": f"ch_{n}", "amount": 100 * n, "created": int(time.time()) - 3600 * n} for n in (3, 2, 1)]


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def certify(folder):
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    authority, key = folder / "authority.pem", folder / "authority.key"
    openssl(*new, "-subj", "/CN=authority", "-keyout", key, "-out", authority)
    signed = ("-CA", authority, "-CAkey", key, "-addext", f"subjectAltName=DNS:{NAME}", "-addext", "basicConstraints=critical,CA:FALSE")
    openssl(*new, "-subj", f"/CN={NAME}", *signed, "-keyout", folder / "server.key", "-out", folder / "server.pem")


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/held"):
            (folder / "asked").touch()
            threading.Event().wait()
        asked = self.path.split("?")[0].removeprefix("/charges").removeprefix("/")
        found = [one for one in CHARGES if asked in ("", one["id"])]
        body = json.dumps(found[0] if asked and found else found).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that does not trust us goes away, which is what it is asked for."""


folder = pathlib.Path(sys.argv[1])
certify(folder)
server = Server(("127.0.0.1", 0), Provider)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "server.pem", folder / "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
(folder / "port.new").write_text(str(server.server_port))
(folder / "port.new").rename(folder / "port")
server.serve_forever()
