"""The titles of the book's pages."""

from functools import cache
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "notebooks"


@cache
def title(slug: str) -> str:
    """Return a page's title as plain text; in a wheel, which has no pages, its name."""
    page = PAGES / f"{slug}.md"
    if not page.exists():
        return slug.replace("-", " ")
    lines = page.read_text("utf-8").splitlines()
    heading = next(line for line in lines if line.startswith("# "))
    return heading.removeprefix("# ").replace("`", "")
