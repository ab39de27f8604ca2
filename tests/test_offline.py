"""Nothing needs a network: the program in a network namespace of its own, without any device."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from review_maker import make_scan

FORM = Path(__file__).resolve().parents[1] / "samples" / "forms" / "membership.png"
PREDICT_INSIDE = """
import json, subprocess, sys, re, urllib.request
command = [sys.executable, "-m", "hcr_batch", "serve", "--port", "0"]
server = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
try:
    address = re.search(r"http://\\S+/", server.stderr.readline())[0]
    data = open(sys.argv[1], "rb").read()
    request = urllib.request.Request(address + "scan", data, {"Content-Type": "image/png"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(json.load(answer)["pages"][0]["fields"][0]["text"])
finally:
    server.terminate()
    server.wait()
"""
REVIEW_INSIDE = """
import json, subprocess, sys, re, urllib.request
command = [sys.executable, "-m", "hcr_batch", "review", sys.argv[1], "--no-browser"]
server = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
try:
    address = re.search(r"http://\\S+/", server.stderr.readline())[0]
    page = urllib.request.urlopen(address, timeout=60).read().decode()
    scripts = re.findall(r'src="([^"]+[.]js)"', page)
    for script in scripts:
        urllib.request.urlopen(urllib.parse.urljoin(address, script), timeout=60).read()
    head = {"Content-Type": "application/json"}
    body = json.dumps({"client": "w", "size": 9}).encode()
    request = urllib.request.Request(address + "tiles", body, head)
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(len(scripts) > 0, len(json.load(answer)["cells"]))
finally:
    server.terminate()
    server.wait()
"""


@pytest.fixture
def cut_off():
    """Words before a command that leave it nothing but an own loopback device."""
    words = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "-"]
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("no unshare or no ip command: apt-get install util-linux iproute2")
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("this system does not permit network namespaces")
    probe = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=5)"
    done = subprocess.run([*words, sys.executable, "-c", probe], capture_output=True)
    assert b"unreachable" in done.stderr
    return words


def test_a_scan_needs_no_network(cut_off, tmp_path):
    out = tmp_path / "results.csv"
    command = [sys.executable, "-m", "hcr_batch", "scan", str(FORM), "--out", str(out)]
    done = subprocess.run([*cut_off, *command], capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8", newline="") as file:
        assert len([row for row in csv.DictReader(file) if row["character"]]) > 50


def test_the_server_needs_no_network(cut_off):
    command = [*cut_off, sys.executable, "-c", PREDICT_INSIDE, str(FORM)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.stdout.strip() == "KOWALSKI", done.stderr


def test_a_review_needs_no_network(cut_off, tmp_path):
    made = make_scan(tmp_path, {"number": ("17_4", "71_4")}, sure="4")
    command = [*cut_off, sys.executable, "-c", REVIEW_INSIDE, str(made.results)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.stdout.strip() == "True 2", done.stderr
