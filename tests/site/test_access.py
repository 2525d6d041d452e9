"""Every page by axe's rules, in light and in dark."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# rule -> why it cannot hold here
EXCEPTIONS: dict[str, str] = {}
CHECK = """(off) => axe.run(document, { resultTypes: ["violations"],
  rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])) })
  .then((found) => found.violations.map((v) =>
    `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page_name, theme, tab, address):
    assert AXE.exists(), "axe-core is missing: run `npm ci` (make book does)"
    tab.add_init_script(f"localStorage.setItem('mode', '{theme}')")
    tab.goto(address + page_name, wait_until="load")
    assert tab.get_attribute("html", "data-theme") == theme
    tab.evaluate(AXE.read_text("utf-8"))
    assert tab.evaluate(CHECK, list(EXCEPTIONS)) == []
