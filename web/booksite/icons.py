"""Small icons of our own in place of the theme's icon font.

The theme asks for an icon by class (`fa-solid fa-bars`) and brings 1.5 MB of script
or 0.3 MB of fonts to draw it. A page uses a dozen; they are drawn here as outlines
on a 24 by 24 grid and put into the page itself.
"""

import re

from bs4 import BeautifulSoup

PATHS = {
    "menu": "M4 6h16M4 12h16M4 18h16",
    "contents": "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
    "search": "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M15.5 15.5L21 21",
    "close": "M6 6l12 12M18 6L6 18",
    "sun": "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2"
    "M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19",
    "moon": "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
    "half": "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 3v18M12 7l7 0M12 11h9M12 15h8",
    "download": "M12 4v11M7 10.5l5 5 5-5M4 20h16",
    "expand": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    "github": "M6 3v12M6 15a3 3 0 1 0 0 6a3 3 0 1 0 0-6M18 3a3 3 0 1 0 0 6"
    "a3 3 0 1 0 0-6M18 9c0 5-6 4-11 7",
    "colab": "M13 3L5 14h6l-1 7 9-12h-6z",
    "notebook": "M6 3h12v18H6zM6 8H3M6 12H3M6 16H3M10 8h5",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "print": "M7 9V3h10v6M7 17H4v-7h16v7h-3M7 14h10v7H7z",
    "pencil": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "issue": "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v6M12 16.5v.5",
    "chevron-down": "M5 9l7 7 7-7",
    "angle-left": "M15 5l-7 7 7 7",
    "angle-right": "M9 5l7 7-7 7",
    "arrow-up": "M12 20V5M6 11l6-6 6 6",
    "link": "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3"
    "a4 4 0 0 0 6 6l1-1",
}

# the theme's names for what is above
THEME_NAMES = {
    "bars": "menu",
    "list": "contents",
    "outdent": "contents",
    "magnifying-glass": "search",
    "xmark": "close",
    "circle-half-stroke": "half",
}


def draw_icons(soup):
    """Replace every icon placeholder of a page by its outline."""
    for place in soup.select('i[class*="fa-"], span[class*="fa-"]'):
        names = re.findall(r"\bfa-([a-z-]+)", " ".join(place["class"]))
        names = [THEME_NAMES.get(name, name) for name in names]
        name = next((name for name in names if name in PATHS), None)
        if name is None:
            raise KeyError(f"no icon of ours for {place}: add one to {__name__}.PATHS")
        rest = [c for c in place["class"] if not c.startswith("fa-") and c != "fas"]
        place.replace_with(outline(name, rest, place.attrs))


def outline(name, classes, attributes):
    """Return an icon as an element that takes the colour of the text around it."""
    svg = BeautifulSoup(
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{PATHS[name]}"/></svg>',
        "html.parser",
    ).svg
    svg["class"] = ["icon", *classes]
    for key, value in attributes.items():
        if key.startswith("data-"):
            svg[key] = value
    return svg
