"""LeNet in the page: against PyTorch on one thread, and ten epochs in the chapter."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from benchmarks.lenet import BATCH, steps_of
from benchmarks.timing import take_turns
from benchmarks.widgets import SITE, launch, open_at, published
from normlab.layers import BatchNorm
from normlab.models import TorchBatchNorm
from normlab.widgets.base import module
from normlab.widgets.trainer import ENGINE

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "browsers"))
from drivers import DRIVERS, PACKAGES

STEPS = 20  # per timed round
EPOCHS_TAKE = 120  # seconds after which the ten epochs count as failed
WORKER = """
import { engine, own } from "./engine.mjs";
let train = null;
onmessage = async ({ data: { wasm, size, steps } }) => {
  if (wasm) {
    const machine = await engine.openSimd(wasm);
    const pixels = new Uint8Array(size * 784).map((_, i) => (i * 7919) % 251);
    const data = own(machine, pixels, new Uint8Array(size).map((_, n) => n % 10));
    const net = engine.createNetwork(machine,
      { normalizer: "batch", activation: "sigmoid", seed: 0, most: size });
    const batch = Int32Array.from({ length: size }, (_, n) => n);
    train = () => engine.step(net, data, batch, 1);
  }
  for (let i = 0; i < steps; i++) train();
  postMessage("done");
};
"""
PAGE = """<!doctype html><title>Engine</title><script type="module">
const worker = new Worker("worker.mjs", { type: "module" });
const wasm = new Uint8Array(await (await fetch("lenet.wasm")).arrayBuffer());
const ask = (message) => new Promise((resolve, reject) => {
  worker.onmessage = () => resolve(true);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage(message);
});
await ask({ wasm, size: SIZE, steps: 0 });
window.train = (steps) => ask({ steps });
</script>""".replace("SIZE", str(BATCH))
READY = "() => typeof window.train === 'function'"
TRAIN = "(steps) => window.train(steps)"


def engine_over_torch() -> dict[str, float]:
    """Return examples a second of the step with the layer, and ratios to PyTorch's.

    One worker of each browser that is installed, and one thread of PyTorch, in turns.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ExitStack() as stack:
            address = stack.enter_context(_served())
            sides = {
                "builtin": steps_of(TorchBatchNorm, STEPS),
                "hand": steps_of(BatchNorm, STEPS),
                **{name: work for name, work in _browsers(stack, address)},
            }
            seconds = take_turns(sides, "cpu")
    finally:
        torch.set_num_threads(threads)
    rates = {name: BATCH * STEPS / time for name, time in seconds.items()}
    result = {f"examples_per_second_one_thread_{n}": r for n, r in rates.items()}
    result["page_over_builtin"] = rates["chromium"] / rates["builtin"]
    result["page_over_hand"] = rates["chromium"] / rates["hand"]
    return result


def ten_epochs() -> dict[str, float]:
    """Let both networks train in the chapter: seconds, and the longest task in ms."""
    with sync_playwright() as playwright, published(SITE, "/") as address:
        browser = launch(playwright)
        page = open_at(browser, f"{address}notebooks/lenet.html", "widget-train")
        widget = page.locator("#widget-train")
        page.evaluate("tasks.length = 0")
        began = page.evaluate("performance.now()")
        widget.get_by_role("button", name="Fetch").click()
        said = widget.locator("[data-value=said]")
        said.filter(has_text="epochs are over").wait_for(timeout=1000 * EPOCHS_TAKE)
        seconds = (page.evaluate("performance.now()") - began) / 1000
        longest = max(page.evaluate("tasks"), default=0.0)  # below 50 ms none is listed
        browser.close()
    return {"page_ten_epochs_seconds": seconds, "page_longest_task_ms": longest}


@contextmanager
def _served() -> Iterator[str]:
    """Yield the address of a page that trains, without the site's policy."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "index.html": PAGE,
            "404.html": "",
            "worker.mjs": WORKER,
            "engine.mjs": module("trainer/all"),
        }
        for name, text in files.items():
            Path(folder, name).write_text(text, "utf-8")
        shutil.copy(ENGINE, folder)
        with published(folder, "/") as address:
            yield f"{address}index.html"


def _browsers(
    stack: ExitStack, address: str
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each browser and what trains in it; say which are missing."""
    chromium = launch(stack.enter_context(sync_playwright()))
    stack.callback(chromium.close)
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_function(READY)
    yield "chromium", lambda: page.evaluate(TRAIN, STEPS)
    for name, driven in DRIVERS.items():
        needed = {"firefox": ["firefox-esr"], "webkit": ["WebKitWebDriver", "Xvfb"]}
        missing = [p for p in needed[name] if not shutil.which(p)]
        if missing:
            print(f"  {name} is not measured: no {PACKAGES[missing[0]]} here")
            continue
        window = stack.enter_context(driven())
        window.open(address)
        window.wait(READY)
        yield name, lambda window=window: window.run(TRAIN, STEPS)
