"""LeNet in the page has the same bits in every browser, and in Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import launch
from server import published

from normlab.widgets.base import module
from tests.widgets.node import node

ROOT = Path(__file__).parents[2]
WASM = ROOT / "_build" / "engine" / "lenet.wasm"
CASES = [  # settings, rate
    *(
        ({"normalizer": norm, "statistics": 4, "activation": "sigmoid"}, 1.0)
        for norm in ("none", "batch", "ghost", "group", "layer")
    ),
    ({"normalizer": "batch", "statistics": 4, "activation": "relu"}, 0.1),
]
IN_NODE = """
import { readFileSync } from "node:fs";
import * as shipped from "./engine.mjs";
import { hashOf } from "./hash.mjs";
const wasm = readFileSync("lenet.wasm");
const found = [];
for (const [settings, rate] of JSON.parse(process.argv[2])) {
  found.push(await hashOf(shipped, wasm, settings, rate));
}
console.log(JSON.stringify(found));
"""
IN_A_PAGE = """async (settings, rate) => {
  const shipped = await import("/engine.mjs");
  const { hashOf } = await import("/hash.mjs");
  const wasm = new Uint8Array(await (await fetch("/lenet.wasm")).arrayBuffer());
  return hashOf(shipped, wasm, settings, rate);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the engine, without a policy that forbids it in a page."""
    assert WASM.exists(), "the engine is not built: make book"
    found = tmp_path_factory.mktemp("engine")
    shutil.copy(WASM, found)
    shutil.copy(ROOT / "tests/widgets/hash.js", found / "hash.mjs")
    (found / "engine.mjs").write_text(module("trainer/all"), "utf-8")
    (found / "run.mjs").write_text(IN_NODE, "utf-8")
    (found / "index.html").write_text("<!doctype html><title>Engine</title>", "utf-8")
    (found / "404.html").write_text("", "utf-8")
    return found


@pytest.fixture(scope="module")
def in_node(folder):
    """A hash a case."""
    command = [node(), "run.mjs", json.dumps(CASES)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_every_case_has_a_hash_of_its_own_and_learns(in_node):
    hashes, losses = zip(*(found.split() for found in in_node), strict=True)
    assert len(set(hashes)) == len(CASES)
    assert all(float(loss) > 0 for loss in losses)


def test_the_weights_are_the_same_in_this_browser(browser, folder, in_node):
    with published(folder, "/") as address:
        browser.open(f"{address}index.html")
        found = [browser.run(IN_A_PAGE, settings, rate) for settings, rate in CASES]
    assert found == in_node


def test_the_weights_are_the_same_in_chromium(folder, in_node, playwright):
    function = f"([settings, rate]) => ({IN_A_PAGE})(settings, rate)"
    with (
        published(folder, "/") as address,
        launch(playwright) as chromium,
    ):
        page = chromium.new_page()
        page.goto(f"{address}index.html")
        found = [page.evaluate(function, list(case)) for case in CASES]
    assert found == in_node
