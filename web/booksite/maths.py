"""Formulas are set while the book is built, so that a page loads no script for them.

MathJax runs once in Node for all pages (0.2 s and a few milliseconds a formula). A
page with formulas then needs a stylesheet and the fonts it uses, about 70 KB in place
of 265 KB of script, and nothing jumps when it opens. The hidden MathML beside each
formula is what a screen reader reads.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString
from myst_parser.sphinx_ext.mathjax import html_visit_displaymath
from sphinx.errors import ExtensionError
from sphinx.ext.mathjax import html_visit_math
from sphinx.util import logging

SCRIPT = Path(__file__).with_name("maths.cjs")
FONTS = "node_modules/mathjax/es5/output/chtml/fonts/woff-v2"
# Sphinx writes formulas as TeX in elements of class "math", and under this name adds
# no script of its own; `set_formulas` replaces the TeX.
RENDERERS = ((html_visit_math, None), (html_visit_displaymath, None))
logger = logging.getLogger(__name__)


def set_formulas(app, pages):
    """Set the formulas of all pages in place; return the stylesheet they need."""
    places = [
        (page, place, *formula(place))
        for page, soup in pages.items()
        for place in soup.select("span.math, div.math")
    ]
    if not places:
        return ""
    wanted = list(dict.fromkeys((tex, display) for _, _, tex, display in places))
    answer = run_mathjax(app, wanted)
    for (tex, _), problem in zip(wanted, answer["problems"], strict=True):
        if problem:
            logger.warning("formula %r: %s", tex, problem)
    html = dict(zip(wanted, answer["html"], strict=True))
    for _, place, tex, display in places:
        insert(place, html[tex, display])
    copy_fonts(app)
    return answer["css"]


def formula(place):
    """Return (TeX, whether it is displayed) of one element that Sphinx wrote."""
    text = "".join(t for t in place.find_all(string=True, recursive=False)).strip()
    for left, right in (("\\(", "\\)"), ("\\[", "\\]")):
        if text.startswith(left) and text.endswith(right):
            text = text[2:-2].strip()
            break
    return text, place.name == "div"


def insert(place, html):
    """Put the set formula where its TeX stood, beside the equation number."""
    for text in place.find_all(string=True, recursive=False):
        text.extract()
    fragment = BeautifulSoup(html, "html.parser")
    if place.name == "div":
        box = fragment.new_tag("div", attrs={"class": "math-scroll"})
        box.extend(list(fragment.contents))
        place.append(box)
    else:
        place.extend(list(fragment.contents))
    place.append(NavigableString(""))


def run_mathjax(app, wanted):
    """Return MathJax's html, problems and css for a list of (TeX, display)."""
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")])
    node = shutil.which("node", path=path)
    if not node or not Path(app.srcdir, FONTS).exists():
        raise ExtensionError("formulas need MathJax: run `npm ci` (make book does)")
    macros = (app.config.mathjax3_config or {}).get("tex", {}).get("macros", {})
    result = subprocess.run(
        [node, SCRIPT],
        input=json.dumps({"formulas": wanted, "macros": macros}),
        cwd=app.srcdir,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise ExtensionError(f"MathJax failed: {result.stderr}")
    return json.loads(result.stdout)


def copy_fonts(app):
    """Copy MathJax's fonts into the site; a page fetches the few that it uses."""
    target = Path(app.outdir, "assets", "maths")
    shutil.copytree(Path(app.srcdir, FONTS), target, dirs_exist_ok=True)
