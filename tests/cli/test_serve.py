"""`hcr-batch serve` as a user starts and stops it."""

import base64
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import cv2
import pytest
from drawn_character import draw
from hearing import hear_signals


@pytest.fixture
def running():
    """The program, and its address."""
    command = [sys.executable, "-m", "hcr_batch", "serve", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=hear_signals,
    )
    line = process.stderr.readline()
    yield process, re.search(r"http://127.0.0.1:\d+/", line)[0]
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_reads_a_character_and_ends_cleanly(running, number):
    process, address = running
    data = base64.b64encode(cv2.imencode(".png", draw("7"))[1].tobytes()).decode()
    body = json.dumps({"image_data": f"data:image/png;base64,{data}"}).encode()
    request = urllib.request.Request(
        f"{address}predict", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["character"] == "7"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "hcr_batch", "serve", "--port", port]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 2
    assert "give another --port" in done.stderr
