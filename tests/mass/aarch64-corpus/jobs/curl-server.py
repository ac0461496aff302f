"""Serves the files beside it, and says what it was sent; writes two ports, plain and with TLS."""

import http.server
import re
import ssl
import sys
import threading
import time
import zlib


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, data, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        name = self.path.strip("/")
        if name == "slow":
            time.sleep(3)
            return self.answer(b"late\n")
        if name == "again":
            return self.answer(b"", 302, Location="/cookie", Set_Cookie="here=1")
        if name == "cookie":
            return self.answer(f"cookie: {self.headers['Cookie']}\n".encode(), Content_Type="text/plain")
        if name.startswith("encoded/"):
            encoding = name.split("/")[1]
            if encoding not in self.headers["Accept-Encoding"]:
                return self.answer(b"not asked for\n", 406)
            return self.answer(open(f"text.{encoding}", "rb").read(), Content_Encoding=encoding)
        if name not in ("text", "noise"):
            return self.answer(b"there is no such file\n", 404)
        data = open(name, "rb").read()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        if asked is None:
            return self.answer(data)
        first, last = int(asked[1]), int(asked[2] or len(data) - 1)
        self.answer(data[first : last + 1], 206, Content_Range=f"bytes {first}-{last}/{len(data)}")

    do_HEAD = do_GET

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_PUT(self):
        self.answer(f"put {zlib.crc32(self.body())}\n".encode())

    def do_POST(self):
        body = self.body()
        if self.path == "/post":
            return self.answer(body + b"\n")
        # What separates its parts differs from one call to the next.
        parts = body.split(body.split(b"\r\n")[0])
        said = [self.headers[name] for name in ("X-Own", "User-Agent", "Authorization")]
        self.answer(f"{said} {[zlib.crc32(part) for part in parts]}\n".encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


plain, secure = Server(("127.0.0.1", 0), Handler), Server(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=secure.serve_forever, daemon=True).start()
sys.stdout.write(f"{plain.server_address[1]}\n{secure.server_address[1]}\n")
sys.stdout.flush()
plain.serve_forever()
