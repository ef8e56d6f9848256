"""A partner whose software is pyas2lib. One line of JSON says what to do; each answer is a line too.

`serve` takes messages, answers with receipts, and writes payloads beside the keys; `send` builds a
message, posts it, and judges the receipt in the answer; `judge` judges one that came by itself, e.g.
to the path `/mdn`, where it is written to the file `receipt`.
"""

import http.client
import http.server
import json
import os
import re
import sys
import threading
import urllib.request
from urllib.parse import urlsplit

# Its oscrypto reads the version of OpenSSL with a pattern that knows one digit at the end.
search = re.search
re.search = lambda pattern, *rest: search(
    pattern.replace(r"\d\.\d\.\d[a-z]*", r"\d+\.\d+\.\d+[a-z]*") if isinstance(pattern, str) else pattern,
    *rest,
)

from pyas2lib import as2  # noqa: E402

re.search = search
FOLDER = sys.argv[1]
MESSAGES = {}


def read(name):
    with open(f"{FOLDER}/{name}", "rb") as file:
        return file.read()


def organization(mdn_url=None):
    keys = read("partner.pem")
    return as2.Organization(
        as2_name="WHEATLAND", sign_key=keys, sign_key_pass="", decrypt_key=keys, decrypt_key_pass="",
        mdn_url=mdn_url, domain="wheatland.example",
    )


def utility(**options):
    certificate = read("utility.pem")
    return as2.Partner(
        as2_name="PRAIRIE", verify_cert=certificate, encrypt_cert=certificate, validate_certs=False,
        **options,
    )


def say(**words):
    print(json.dumps(words), flush=True)


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_POST(self):
        raw = self.headers.as_bytes() + self.body()
        if self.path == "/mdn":
            with open(f"{FOLDER}/coming", "wb") as file:
                file.write(raw)
            os.rename(f"{FOLDER}/coming", f"{FOLDER}/receipt")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        message = as2.Message()
        status, (error, _), mdn = message.parse(
            raw,
            find_org_cb=lambda name: organization() if name == "WHEATLAND" else None,
            find_partner_cb=lambda name: utility() if name == "PRAIRIE" else None,
        )
        if status == "processed":
            with open(f"{FOLDER}/{message.message_id}", "wb") as file:
                file.write(message.content)
            with open(f"{FOLDER}/{message.message_id}.mic", "wb") as file:
                file.write(message.mic)
        elif error:
            print(repr(error), file=sys.stderr, flush=True)
        later = mdn is not None and mdn.mdn_mode == "ASYNC"
        answer = mdn if mdn is not None and not later else None
        self.send_response(200)
        body = answer.content if answer else b""
        for name, value in (answer.headers if answer else {}).items():
            self.send_header(name, value.replace("\n", "").replace("\r", ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if later:
            threading.Thread(target=post, args=(mdn.mdn_url, mdn.headers, mdn.content)).start()


def post(url, headers, body):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    headers = {name: value.replace("\n", "").replace("\r", "") for name, value in headers.items()}
    connection.request("POST", parts.path, body=body, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read()


def send(url, content_type, mdn_url, options, number):
    message = as2.Message(organization(mdn_url), utility(**options))
    message.build(
        read("document"), filename="usage.edi", content_type=content_type, message_id=f"m{number}",
    )
    MESSAGES[message.message_id] = message
    answer, body = post(url, message.headers, message.content)
    status, detail = None, None
    if body:
        raw = b"".join(f"{k}: {v}\r\n".encode() for k, v in answer.getheaders()) + b"\r\n" + body
        status, detail = as2.Mdn().parse(raw, lambda id, _: MESSAGES.get(id))
    mic = message.mic.decode() if message.mic else None
    say(http=answer.status, status=status, detail=detail, message_id=message.message_id, mic=mic)


def judge(name):
    status, detail = as2.Mdn().parse(read(name), lambda id, _: MESSAGES.get(id))
    say(http=0, status=status, detail=detail, message_id="")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_port)
for line in sys.stdin:
    order = json.loads(line)
    {"send": send, "judge": judge}[order.pop("do")](**order)
