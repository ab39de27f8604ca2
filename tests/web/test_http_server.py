import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from flask import Flask

from hcr_batch.errors import UsageError
from hcr_batch.web.http_server import Server
from hcr_batch.web.security import allowed_hosts, secure


@pytest.fixture
def app():
    app = Flask("test")
    secure(app, allowed_hosts("127.0.0.1"), max_bytes=100)
    app.add_url_rule("/", "page", lambda: "ok")
    return app


def test_a_server_takes_a_free_port_and_answers_until_it_is_stopped(app):
    server = Server(app, "127.0.0.1", 0)
    app.add_url_rule("/stop", "stop", lambda: server.stop() or "stopped")
    thread = threading.Thread(target=server.run)
    thread.start()
    assert urllib.request.urlopen(server.address).read() == b"ok"
    assert urllib.request.urlopen(f"{server.address}/stop").read() == b"stopped"
    thread.join(timeout=10)
    assert not thread.is_alive()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(server.address)


def test_a_port_that_is_taken_is_named(app):
    first = Server(app, "127.0.0.1", 0)
    with pytest.raises(UsageError, match=f"{first.port}.*give another --port"):
        Server(app, "127.0.0.1", first.port)


@pytest.mark.parametrize("size", [150, 1000])
def test_what_is_too_large_is_refused_in_one_form_by_app_and_server(app, size):
    server = Server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server.address, b"0" * size)
    server.stop()
    thread.join(timeout=10)
    assert refused.value.code == 413
    assert json.load(refused.value)["error"]


SERVING = """
import resource, sys
from flask import Flask
from hcr_batch.web.http_server import Server
from hcr_batch.web.security import allowed_hosts, secure

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
app = Flask("test")
secure(app, allowed_hosts("127.0.0.1"), max_bytes=100)
app.add_url_rule("/", "page", lambda: "ok")
server = Server(app, "127.0.0.1", 0)
print(server.port, flush=True)
server.run()
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows sets no such limit")
@pytest.mark.parametrize("limit", [20, 48])
def test_more_clients_than_open_files_keep_no_other_out(limit):
    command = [sys.executable, "-c", SERVING, str(limit)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process, contextlib.ExitStack() as opened:
        address = ("127.0.0.1", int(process.stdout.readline()))
        for _ in range(60):
            opened.enter_context(socket.create_connection(address, timeout=10))
        time.sleep(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{address[1]}/", timeout=20) as answer:
            assert answer.read() == b"ok"
        process.kill()
        assert "Traceback" not in process.stderr.read()
