import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from fake_reader import FakeReader

from hcr_batch.config import load_settings
from hcr_batch.errors import ExitCode, HcrError, ModelError
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan

ray_engine = pytest.importorskip("hcr_batch.scan.ray_engine", reason="Ray is not installed")

TESTS = Path(__file__).parents[1]
STORE = 100 * 1024 * 1024
"""Bytes of a node's object store."""


@pytest.fixture(scope="module")
def cluster():
    """A real Ray cluster of two nodes with one CPU each, on this machine."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        # The nodes import what pickled readers refer to.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        options = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=options)
        cluster.add_node(num_cpus=1, object_store_memory=STORE)
        cluster.wait_for_nodes()
        yield cluster
        cluster.shutdown()


@pytest.fixture
def request_of(tmp_path):
    """Makes a request for tmp_path/forms with an output of the name given."""
    (tmp_path / "forms").mkdir()
    for number in range(24):
        (tmp_path / "forms" / f"{number:02d}.png").write_text(f"SLEEP FORM{number}")
    (tmp_path / "forms" / "long.png").write_text("\f".join(f"PAGE{page}" for page in range(40)))

    def make(name):
        return ScanRequest(
            (str(tmp_path / "forms"),), tmp_path / name, load_settings(), "model", jobs=1
        )

    return make


class NodeKiller(Observer):
    """Kills the second node of a cluster once some files are done."""

    def __init__(self, cluster, after):
        self._cluster = cluster
        self._after = after

    def file_done(self, event):
        self._after -= 1
        if self._after == 0:
            self._cluster.remove_node(self._cluster.list_all_nodes()[-1], allow_graceful=False)


class WithoutModel:
    def __call__(self):
        raise ModelError("models/default: damaged; restore it")


def test_a_node_killed_in_mid_run_changes_nothing(cluster, request_of, tmp_path):
    engine = partial(ray_engine.run_on_ray, jobs=2, address=cluster.address)
    reader = FakeReader(tmp_path / "ray.log", 0.1)
    killer = NodeKiller(cluster, after=4)
    summary = scan(request_of("ray.csv"), killer, reader=reader, engine=engine)
    assert (summary.new, summary.failed, summary.pages) == (25, 0, 64)
    assert len(cluster.list_all_nodes()) == 1
    scan(request_of("local.csv"), Observer(), reader=FakeReader(tmp_path / "local.log", 0.0))
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    # Only what the lost node had in hand is read a second time: two tasks of eight pages.
    assert 64 <= len((tmp_path / "ray.log").read_text().split()) <= 64 + 16


def test_what_a_file_does_to_its_process_costs_only_that_file(cluster, request_of, tmp_path):
    (tmp_path / "forms" / "bad.png").write_text("CRASH")
    (tmp_path / "forms" / "slow.png").write_text("HANG")
    settings = load_settings(batch={"page_seconds": 1.0})
    request = replace(request_of("ray.csv"), settings=settings)
    engine = partial(ray_engine.run_on_ray, address=cluster.address)
    summary = scan(request, Observer(), reader=FakeReader(tmp_path / "ray.log", 0.0), engine=engine)
    assert (summary.new, summary.failed) == (25, 2)
    assert summary.exit_code is ExitCode.SOME_FAILED


def test_a_model_that_is_missing_on_the_nodes_is_said_so(cluster, request_of):
    engine = partial(ray_engine.run_on_ray, address=cluster.address)
    with pytest.raises(ModelError, match="damaged"):
        scan(request_of("ray.csv"), Observer(), reader=WithoutModel(), engine=engine)


def test_a_cluster_that_is_not_there_is_said_so(request_of):
    engine = partial(ray_engine.run_on_ray, address="127.0.0.1:1")
    with pytest.raises(HcrError, match="--ray-address"):
        scan(request_of("ray.csv"), Observer(), reader=WithoutModel(), engine=engine)
