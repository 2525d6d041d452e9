"""Runs on a Dask and on a Ray cluster of two workers, which end with the tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import LocalCluster
from ray.cluster_utils import Cluster

from normlab.runs import clusters, load, store
from normlab.runs.execute import record_all
from tests.clusters.toy import PATIENCE, SEEDS, TOY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def importable():
    """Workers find this package's tests, and the package, as this process does."""
    path = os.pathsep.join(dict.fromkeys([str(ROOT), *filter(None, sys.path)]))
    os.environ["PYTHONPATH"] = path
    os.environ["OMP_NUM_THREADS"] = "1"
    # Ray's workers yield to all others (15) unless told: on a busy machine each of
    # these tests took minutes rather than seconds.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112


@pytest.fixture(scope="session")
def dask(importable):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as up:
        yield up.scheduler_address


@pytest.fixture(scope="session")
def ray(importable):
    cluster = Cluster()
    cluster.add_node(num_cpus=2, include_dashboard=False)
    yield cluster.address
    cluster.shutdown()


@pytest.fixture(params=clusters.CLUSTERS)
def backend(request, monkeypatch):
    """The back end's name, once its cluster is up and named."""
    address = request.getfixturevalue(request.param)
    monkeypatch.setenv(clusters.ADDRESSES[request.param], address)
    return request.param


def test_a_cluster_records_what_this_machine_does(results, monkeypatch, backend):
    """The last run ends only when another is saved: they come back one by one."""
    assert record_all(TOY, backend=backend, jobs=2) == SEEDS
    found = load("toy").sort_values("seed")
    assert list(found["value"]) == [0.0, 1.0, 2.0, 3.0]
    monkeypatch.setenv("NORMLAB_RESULTS", str(results / "here"))
    record_all(TOY, jobs=2)
    here = load("toy").sort_values("seed")
    assert here.to_csv(index=False) == found.to_csv(index=False)


def test_nothing_is_done_twice(results, backend):
    record_all(TOY, seeds=2, backend="threading", jobs=1)
    assert record_all(TOY, backend=backend, jobs=2) == SEEDS - 2


DRIVER = """
from normlab.runs.execute import record_all
from tests.clusters.toy import ENDLESS
record_all(ENDLESS, backend={backend!r}, jobs=2)
"""


def signs(results):
    return list(results.glob("*.alive"))


def waited_for(what):
    ends = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < ends:
        time.sleep(0.1)
    return what()


def test_workers_begin_nothing_more_when_their_driver_is_killed(results, backend):
    driver = subprocess.Popen([sys.executable, "-c", DRIVER.format(backend=backend)])
    try:
        assert waited_for(lambda: len(signs(results)) == 2)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()

    def silent():
        return all(time.time() - sign.stat().st_mtime > 3 for sign in signs(results))

    if backend == "ray":  # its workers belong to the driver
        assert waited_for(silent)
    time.sleep(3)
    assert len(signs(results)) == 2
    assert store.finished("toy") == set()


def test_without_an_address_it_says_so(results, monkeypatch):
    for backend, name in clusters.ADDRESSES.items():
        monkeypatch.delenv(name, raising=False)
        with pytest.raises(RuntimeError, match=f"set {name}"):
            record_all(TOY, backend=backend, jobs=1)
