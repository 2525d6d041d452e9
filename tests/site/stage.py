"""A site of nothing but widgets, for work on them: built in seconds, tested alike.

python tests/site/stage.py OUT
BOOK_SITE=OUT python -m pytest tests/site/test_widgets.py
"""

import importlib
import json
import re
import shutil
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from ipywidgets.embed import dependency_state, embed_data, escape_script

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "web")]  # this checkout's
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{name}</title><meta name="viewport" content="width=device-width">
<link rel="canonical" href="https://example.org/stage/{path}">
<link rel="icon" href="{up}assets/og.png">
<link rel="stylesheet" href="{up}assets/book.css">
<script src="{up}assets/book.js" defer></script></head>
<body><main class="bd-content"><article class="bd-article"><h1>{name}</h1>{blocks}
</article></main></body></html>"""


def build(site: Path) -> None:
    """Write a page for each chapter that has widgets, with these and nothing else."""
    shutil.rmtree(site, ignore_errors=True)
    (site / "notebooks").mkdir(parents=True)
    shutil.copytree(ROOT / "web/theme/root/assets", site / "assets")
    shutil.copy(ROOT / "web/theme/static/book.css", site / "assets")
    for name in ("search", "404", "index"):
        (site / f"{name}.html").write_text(page(name, f"{name}.html", ""))
    for chapter, names in chapters().items():
        write_chapter(site, chapter, names)


def chapters() -> dict[str, list[str]]:
    """Chapter -> the widgets that stand in it, in their order.

    Those that stand in none are on a page "widgets".
    """
    known = importlib.import_module("normlab.widgets").__all__
    found = {}
    for file in sorted((ROOT / "notebooks").glob("*.md")):
        shown = re.findall(r"^widgets\.(\w+)\(", file.read_text("utf-8"), re.MULTILINE)
        found[file.stem] = [name for name in shown if name in known]
    placed = {name for names in found.values() for name in names}
    found["widgets"] = [name for name in known if name not in placed]
    return {chapter: names for chapter, names in found.items() if names}


def write_chapter(site: Path, chapter: str, names: list[str]) -> None:
    """Write a chapter's widgets with the steps that the book's pages go through."""
    from booksite import finish, policy, widgets

    package = importlib.import_module("normlab.widgets")
    shown = [getattr(package, name)() for name in names]
    state = dependency_state(shown, drop_defaults=False)  # as a notebook keeps it
    data = embed_data(views=shown, state=state)
    blocks = [(widgets.VIEW, view) for view in data["view_specs"]]
    blocks.append((widgets.STATE, data["manager_state"]))
    text = "".join(
        f'<script type="{kind}">{escape_script(json.dumps(content))}</script>'
        for kind, content in blocks
    )
    path, rules = f"notebooks/{chapter}.html", {}
    soup = BeautifulSoup(page(chapter, path, text, "../"), "html.parser")
    widgets.place_widgets(site, site / path, soup, site / "_stills")
    finish.hoist_styles(soup, rules)
    with (site / "assets/book.css").open("a") as file:
        file.write("\n".join(rules.values()))
    policy.add_policy(soup)
    (site / path).write_text(str(soup), encoding="utf-8")


def page(name: str, path: str, blocks: str, up: str = "") -> str:
    """Return a page's HTML."""
    return PAGE.format(name=name, path=path, blocks=blocks, up=up)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
