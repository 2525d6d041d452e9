"""How colours look to each kind of colour vision, and on which page.

    python tests/colors.py

prints colours that a further normalizer may have.
"""

import re
from itertools import combinations, product
from pathlib import Path

import numpy as np

from normlab.figures.style import COLORS, NORMALIZERS

ROOT = Path(__file__).resolve().parents[1]
LEAST_CONTRAST = 4.5  # of text, WCAG 2.2, criterion 1.4.3
# How linear red, green and blue look to readers without one kind of cone: Machado,
# Oliveira and Fernandes 2009, severity 1.0.
VISIONS = {
    "any colour vision": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Okabe and Ito's eight, which readers with each kind of colour vision were asked about.
OKABE_ITO = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73"),
    *("#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
)
TO_XYZ = np.array(  # of linear sRGB, the white of which is the row's sum
    [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
)
# hue-rotate(180deg) of CSS; on sRGB as it is, not linear.
HALF_TURN = np.array(
    [[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]]
)


def srgb(color):
    """A colour like "#0072B2" as three numbers, 0 to 1."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def on_white(color):
    return srgb(color)


def turned_over(color):
    """As a dark page shows it: invert(1) hue-rotate(180deg)."""
    return np.clip(HALF_TURN @ (1 - srgb(color)), 0, 1)


PAGES = {"light": on_white, "dark": turned_over}


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    return TO_XYZ[1] @ linear(rgb)


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(linear_rgb):
    """CIELAB, in which a distance says how different two colours look."""
    xyz = TO_XYZ @ np.clip(linear_rgb, 0, 1) / TO_XYZ.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distances(one, other, shown):
    """Vision -> how far apart two colours are."""
    pair = [linear(shown(color)) for color in (one, other)]
    return {
        vision: float(np.linalg.norm(lab(seen @ pair[0]) - lab(seen @ pair[1])))
        for vision, seen in VISIONS.items()
    }


def nearest(one, other, shown):
    return min(distances(one, other, shown).values())


# Page -> as far apart as two colours have to be: as the nearest two of those, there.
LEAST = {
    page: min(nearest(*pair, shown) for pair in combinations(OKABE_ITO, 2))
    for page, shown in PAGES.items()
}


def alike(names, page):
    """Pairs of names that some readers take for each other, with the distance."""
    colors = {COLORS[name]: name for name in names}  # one colour may have two names
    found = {
        (colors[one], colors[other]): round(nearest(one, other, PAGES[page]), 1)
        for one, other in combinations(colors, 2)
    }
    return {pair: apart for pair, apart in found.items() if apart < LEAST[page]}


def apart(one, other):
    """Whether every reader can tell two colours, on either page."""
    return all(nearest(one, other, PAGES[page]) >= LEAST[page] for page in PAGES)


def dark_background():
    css = (ROOT / "web/theme/static/book.css").read_text("utf-8")
    dark = css[css.index('html[data-theme="dark"] {') :]
    return re.search(r"--pst-color-background: (#\w{6});", dark)[1]


def can_be_read(color):
    """On white, and turned over on a dark page."""
    grounds = {"light": srgb("#FFFFFF"), "dark": srgb(dark_background())}
    return all(
        contrast(shown(color), grounds[page]) >= LEAST_CONTRAST
        for page, shown in PAGES.items()
    )


def free(names):
    """Colours that can be read and are apart from all of these, a few together.

    Those that leave most room for others come first.
    """
    levels = [f"{level:02X}" for level in range(0, 256, 16)]
    colors = ["#" + "".join(parts) for parts in product(levels, repeat=3)]
    beside = [COLORS[name] for name in names]
    left = [
        c for c in colors if can_be_read(c) and all(apart(c, one) for one in beside)
    ]
    chosen = []
    while left:
        chosen.append(max(left, key=lambda c: sum(apart(c, one) for one in left)))
        left = [c for c in left if apart(c, chosen[-1])]
    return chosen


if __name__ == "__main__":
    print("\n".join(free([*NORMALIZERS, "theory", "data"])))
