"""Clients that send much at once, in drops or not at all: others are answered all the same."""

import contextlib
import json
import socket
import threading
import time

import pytest
from flask import Flask, request

from hcr_batch.web.connections import Intake
from hcr_batch.web.http_server import Server
from hcr_batch.web.security import allowed_hosts, secure

HEAD = b"POST /take HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nhello"


@pytest.fixture
def serving():
    """Starts a server with an intake, which gives back how much it was sent."""
    app = Flask("test")
    secure(app, allowed_hosts("127.0.0.1"), max_bytes=1000)
    app.add_url_rule("/take", "take", lambda: f"{len(request.data)} taken", methods=["POST"])
    with contextlib.ExitStack() as running:

        def start(**limits):
            server = Server(app, "127.0.0.1", 0, intake=Intake(**limits))
            thread = threading.Thread(target=server.run)
            thread.start()
            running.callback(thread.join, timeout=10)
            running.callback(server.stop)
            return server.port

        yield start


@contextlib.contextmanager
def connections(port, count):
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            for _ in range(count)
        ]


def received(client):
    """The next answer with its body, which is as long as it says."""
    with client.makefile("rb") as stream:
        head = list(iter(stream.readline, b"\r\n"))
        size = next(int(line[15:]) for line in head if line.startswith(b"Content-Length:"))
        return b"".join([*head, b"\r\n", stream.read(size)]).decode()


def answer(port, sent=WHOLE):
    with connections(port, 1) as (client,):
        client.sendall(sent)
        return received(client)


def answer_in_time(port):
    """The answer once the server has let go of what it answered before."""
    for _ in range(50):
        if "5 taken" in (found := answer(port)):
            break
        time.sleep(0.1)
    return found


def test_bodies_of_all_clients_together_are_held_to_a_limit(serving):
    port = serving(most_bytes=3000)
    with connections(port, 3) as clients:
        for client in clients:
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nbegun")
        time.sleep(0.2)
        for sent in (WHOLE, HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"):
            refused = answer(port, sent)
            assert refused.startswith("HTTP/1.1 503 ")
            assert "Retry-After: 2" in refused
            assert "too much is sent at once" in json.loads(refused.split("\r\n\r\n")[1])["error"]
        clients[0].sendall(b"x" * 995)
        assert "1000 taken" in received(clients[0])
        assert "5 taken" in answer_in_time(port)
    assert "5 taken" in answer_in_time(port)


def test_bodies_whose_length_is_not_said_count_as_the_largest(serving):
    port, chunked = serving(most_bytes=2500), HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert "5 taken" in answer(port, chunked + b"5\r\nhello\r\n0\r\n\r\n")
    assert "5 taken" in answer_in_time(port)
    with connections(port, 1) as (client,):
        client.sendall(HEAD + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # it is let in, and held
        assert answer(port, chunked).startswith("HTTP/1.1 503 ")


def test_requests_that_come_in_drops_are_hung_up_on(serving):
    port = serving(most_bytes=3000, seconds=0.5)
    begin = time.monotonic()
    with connections(port, 1) as (client,), contextlib.suppress(OSError):
        for byte in HEAD * 10:
            client.sendall(bytes([byte]))
            time.sleep(0.1)
            if time.monotonic() - begin > 10:
                break
    assert time.monotonic() - begin < 5
    assert "5 taken" in answer(port)


def test_many_clients_that_wait_keep_no_other_out(serving):
    port = serving(most_bytes=3000, most_waiting=5)
    with connections(port, 60) as clients:
        for client in clients:
            with contextlib.suppress(OSError):  # some are hung up on already
                client.sendall(HEAD)
        begin = time.monotonic()
        for _ in range(5):
            assert "5 taken" in answer(port)
        assert time.monotonic() - begin < 5


def test_one_connection_takes_request_after_request(serving):
    with connections(serving(most_bytes=3000), 1) as (client,):
        for _ in range(20):
            client.sendall(WHOLE)
            assert "5 taken" in received(client)
