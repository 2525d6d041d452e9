"""Clusters that carry out runs: Dask's and Ray's, which must share this disk.

Both are started beforehand (``dask scheduler`` and ``dask worker``, ``ray start``) and
are named by the variables that they read themselves.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

CLUSTERS = ("dask", "ray")
ADDRESSES = {"dask": "DASK_SCHEDULER_ADDRESS", "ray": "RAY_ADDRESS"}


@contextmanager
def joined(backend: str) -> Iterator[None]:
    """Be connected to the cluster of this back end, if it is one, and leave it.

    Raises:
        RuntimeError: its address is not given.
        ImportError: it is not installed; the message says how it is.
    """
    if backend not in CLUSTERS:
        yield
        return
    try:
        connect = {"dask": _dask, "ray": _ray}[backend]
        with connect(_address(backend)):
            yield
    except ImportError as error:
        raise ImportError(
            f"--backend {backend} needs a package that is not installed ({error}): "
            "python -m pip install --no-deps -r requirements-clusters.txt"
        ) from error


def _address(backend: str) -> str:
    name = ADDRESSES[backend]
    if address := os.environ.get(name):
        return address
    raise RuntimeError(
        f"--backend {backend}: no cluster is named; start one, and set {name} to its "
        "address, such as tcp://127.0.0.1:8786 of Dask or 127.0.0.1:6379 of Ray"
    )


@contextmanager
def _dask(address: str) -> Iterator[None]:
    from distributed import Client

    with Client(address):
        yield


@contextmanager
def _ray(address: str) -> Iterator[None]:
    import ray
    from ray.util.joblib import register_ray

    ray.init(address=address, log_to_driver=False)
    try:
        register_ray()
        yield
    finally:
        ray.shutdown()
