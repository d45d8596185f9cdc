"""An endpoint for OpenAI's chat completions that fails in every possible way, over sockets."""

import json
import socket
import threading
import time
from collections import Counter
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

KEY = "sk-secret-of-the-test"


def answer(content, finish="stop", **message):
    choice = {"message": {"content": content, **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 7, "completion_tokens": 5}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


class Endpoint(BaseHTTPRequestHandler):
    """Answers a headline "FAULT N ..." with that fault the first N times, and then correctly."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][-1]["content"].split('"')[1]
        server = self.server
        with server.lock:
            server.bodies.append(body)
            server.asked[text] += 1
            server.times.setdefault(text, []).append(time.monotonic())
            server.connections.add(self.client_address)
            server.keys.add(self.headers.get("Authorization"))
            asked = server.asked[text]
        fault, times = text.split()[:2]
        if asked > int(times):
            self.reply(200, answer(server.write(text)))
        else:
            getattr(self, fault)()

    def reply(self, status, content, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def rate(self):
        self.reply(429, b'{"error": {"message": "slow down"}}')

    def rate_after(self):
        self.reply(429, b"{}", Retry_After="1")

    def rate_date(self):
        self.reply(503, b"{}", Retry_After=formatdate(time.time() + 2, usegmt=True))

    def broken(self):
        self.reply(500, b"<html>oops</html>")

    def hang(self):
        self.server.closing.wait()
        self.close_connection = True

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while not self.server.closing.wait(0.1):
                self.wfile.write(b" ")
                self.wfile.flush()
        except OSError:
            pass
        self.close_connection = True

    def cut(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def truncated(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [{"mess')
        self.close_connection = True

    def no_json(self):
        self.reply(200, b"not json at all")

    def schema(self):
        self.reply(200, b'{"choices": []}')

    def deep(self):
        self.reply(200, b"[" * 100_000)

    def wrong(self):
        self.reply(200, answer('{"winner": "the first", "reasoning": "The decision is A."}'))

    def doubled(self):
        self.reply(200, answer('{"decision": "A", "reasoning": "", "decision": "B"}'))

    def empty(self):
        self.reply(200, answer(""))

    def null(self):
        self.reply(200, answer(None))

    def length(self):
        self.reply(200, answer("A joke that never", "length"))

    def refusal(self):
        self.reply(200, answer(None, refusal="I will not joke about that."))

    def filtered(self):
        self.reply(200, answer("", "content_filter"))

    def bad_request(self):
        self.reply(400, b'{"error": {"message": "too long"}}')

    def unauthorized(self):
        said = f"Incorrect API key provided: {self.headers.get('Authorization')}"
        self.reply(401, json.dumps({"error": {"message": said}}).encode())

    def no_credit(self):
        self.reply(402, b'{"error": {"message": "insufficient balance"}}')

    def no_quota(self):
        self.reply(429, b'{"error": {"message": "over", "code": "insufficient_quota"}}')

    def half_error(self):
        self.reply(500, rb'{"error": {"message": "half a pair: \ud83d"}}')

    def half_refusal(self):
        self.reply(200, answer(None, refusal="half a pair: \ud83d"))

    def half_text(self):
        self.reply(200, answer("half a pair: \ud83d"))

    def counts(self):
        said = answer(self.server.write(""))
        self.reply(200, said.replace(b": 7", b": -1").replace(b": 5", b": 99999999999999999999"))

    def key_in_refusal(self):
        self.reply(200, answer(None, refusal=f"{'x' * 450} not with {KEY} at {KEY[:9]} {KEY[9:]}"))

    def key_in_error(self):
        # The key is cut at 2,000 bytes, and repeated with a line break in it.
        self.reply(500, f"{KEY[:5]}\n{KEY[5:]} {'x' * 200}{' ' * 1775}{KEY}".encode())

    def key_in_answer(self):
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
        said = f'"reasoning": "{KEY} {escaped}", "winner_humor_features": ["{escaped}"]'
        said += f', "loser_features": ["{KEY}"], "winner_delivery_features": "{KEY}"'
        self.reply(200, answer(f'{{"decision": "A", {said}}}'))

    def key_as_decision(self):
        self.reply(200, answer(f'{{"decision": "{KEY}"}}'))

    def no_model(self):
        self.reply(404, b'{"error": {"message": "no such model"}}')


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Enough for all connections of a test at once, even if this process accepts them late.
    request_queue_size = 256


@pytest.fixture
def endpoint(monkeypatch, tmp_path):
    server = Server(("127.0.0.1", 0), Endpoint)
    server.closing = threading.Event()
    server.lock, server.asked, server.bodies = threading.Lock(), Counter(), []
    server.times, server.connections, server.keys = {}, set(), set()
    server.write = lambda text: f"<think>so</think> A joke about {text}.\n"
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()
