"""The chapters' widgets in JupyterLab, with a kernel: shown, and heard by Python."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import jupytext
import pytest
from browser import launch
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_notebook

SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
READY = 90  # seconds until JupyterLab answers, or a cell has run
KERNEL = {"name": "python3", "display_name": "Python 3"}
SAID = "print(repr({name: getattr(w, name) for name in w.controls}))"


def widget_cells():
    """(chapter, cell) of each cell that shows a widget, in the generated notebooks."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.md")):
        notebook = jupytext.writes(jupytext.read(path), "ipynb")
        for cell in json.loads(notebook)["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "\nwidgets." in f"\n{source}":
                found.append((path.stem, source))
    return found


def keep(source):
    """A cell that shows its widget and keeps it as ``w``."""
    *lines, last = source.strip().splitlines()
    return "\n".join([*lines, f"w = {last}", "w"])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def jupyter_lab(folder):
    """JupyterLab on a folder, without a password; yield its address."""
    (folder / "settings").mkdir()
    overrides = folder / "settings" / "overrides.json"
    overrides.write_text(json.dumps(SETTINGS))
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [
        f"--port={port}",
        "--IdentityProvider.token=",
        f"--notebook-dir={folder}",
    ]
    command += [f"--LabApp.app_settings_dir={folder / 'settings'}"]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "JUPYTER_CONFIG_DIR": str(folder),
    }
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(READY):
            try:
                urllib.request.urlopen(f"{url}/api").close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(1)
        yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def opened(tmp_path_factory, playwright):
    """Return a function that opens notebooks' cells in JupyterLab, each in a tab."""
    folder = tmp_path_factory.mktemp("lab")
    with jupyter_lab(folder) as url:
        browser = launch(playwright)

        def open_cells(name, cells):
            notebook = new_notebook(cells=cells)
            notebook.metadata["kernelspec"] = KERNEL
            jupytext.write(notebook, folder / f"{name}.ipynb", fmt="ipynb")
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(f"{url}/lab/workspaces/{name}/tree/{name}.ipynb")
            page.get_by_text("| Idle").wait_for(timeout=1000 * READY)
            return page

        yield open_cells
        browser.close()


@pytest.fixture(scope="module")
def lab(opened):
    """A tab of JupyterLab with every widget cell."""
    cells = []
    for _, source in widget_cells():
        cells += [new_code_cell(keep(source)), new_code_cell(SAID)]
    return opened("widgets", cells)


def run(cell):
    """Run a cell as a reader would; return the text that it printed."""
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    for tenth in range(10 * READY):
        now = prompt.inner_text()
        if now != before and re.search(r"\d", now):
            return cell.locator(".jp-OutputArea").inner_text()
        if tenth % 50 == 0 and "*" not in now:  # the first may come too early
            cell.locator(".cm-content").click()
            cell.page.keyboard.press("Shift+Enter")
        cell.page.wait_for_timeout(100)
    raise TimeoutError(f"a cell has not run within {READY} seconds")


@pytest.mark.parametrize("number", range(len(widget_cells())), ids=lambda n: n)
def test_python_hears_what_the_reader_moves(lab, number):
    shows, says = (
        lab.locator(".jp-Notebook .jp-Cell").nth(2 * number + k) for k in (0, 1)
    )
    run(shows)
    widget = shows.locator(".bn")
    widget.wait_for(timeout=1000 * READY)
    before = ast.literal_eval(run(says).strip())
    widget.locator("[data-control]").first.wait_for(timeout=1000 * READY)
    slider = widget.locator("input[type=range]:enabled")
    control = slid(slider.first) if slider.count() else switched(widget)
    name = control.get_attribute("data-control")
    after = ast.literal_eval(run(says).strip())
    assert {n for n in after if after[n] != before[n]} == {name}
    if slider.count():
        shown = control.locator("output").inner_text().split()[0].replace("−", "-")
        assert float(shown) == pytest.approx(after[name], 0.05)


def slid(slider):
    """Move the slider by a key; return its control."""
    lowest = slider.evaluate("(e) => e.value === e.min")
    slider.focus()
    slider.page.keyboard.press("ArrowRight" if lowest else "ArrowLeft")
    return slider.locator("..")


def switched(widget):
    """Set the first switch, or else menu, to another option; return its control."""
    control = widget.locator("[data-control]:has(input[type=radio])").first
    if control.count():
        control.get_by_role("radio", checked=False).first.click()
        return control
    control = widget.locator("[data-control]:has(select)").first
    value = control.locator("option:not(:checked)").first.get_attribute("value")
    control.locator("select").select_option(value)
    return control


def test_the_explorer_trains_the_chosen_point(lab):
    sources = [source for _, source in widget_cells()]
    number = next(n for n, s in enumerate(sources) if "BatchSizeExplorer" in s)
    shows = lab.locator(".jp-Notebook .jp-Cell").nth(2 * number)
    run(shows)
    widget = shows.locator(".bn")
    widget.get_by_role("button", name="Train this point").click(timeout=1000 * READY)
    said = widget.get_by_text(
        re.compile("Seed .* trained for 1,200 updates; test accuracy")
    )
    said.wait_for(timeout=1000 * READY)
    assert widget.locator("svg").last.locator("path[stroke-dasharray][d^=M]").count()


END_KERNELS = """async () => {
  const [token] = document.cookie.match(/(?<=_xsrf=)[^;]+/) ?? [""];
  const [base] = location.href.split("/lab/");
  const headers = { "X-XSRFToken": token };
  for (const { id, path } of await (await fetch(`${base}/api/sessions`)).json()) {
    if (!path.startsWith("saved")) continue;
    await fetch(`${base}/api/sessions/${id}`, { method: "DELETE", headers });
  }
}"""


def test_a_widget_saved_without_its_kernel_says_what_to_do(opened):
    """Beside a live one nothing is said; a dead one comes back when its cell runs."""
    source = "from normlab import widgets\n\nwidgets.FiveNumbers()"
    page = opened("saved", [new_code_cell(source)])
    cell = page.locator(".jp-Notebook .jp-Cell").first
    advice = cell.get_by_text("run this cell again")
    run(cell)
    cell.locator(".bn").wait_for(timeout=1000 * READY)
    advice.wait_for(state="hidden")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    page.evaluate(END_KERNELS)
    page.reload()
    advice.wait_for(timeout=1000 * READY)
    assert cell.locator(".bn").count() == 0
    page.get_by_text("| Idle").wait_for(timeout=1000 * READY)
    run(cell)
    cell.locator(".bn").wait_for(timeout=1000 * READY)
    assert not advice.is_visible()
