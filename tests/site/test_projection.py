"""The n = 3 projection: what the page shows is what autograd computes."""

import re
from urllib.parse import unquote

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT
from hand import shown

PAGE = "notebooks/backward-by-hand.html"
NAME = "projection"
X, G = [1.0, 2.0, 6.0], [1.0, -1.5, 2.0]
EPS = 1e-5
LINK = re.compile(r'<a href="(#widget-projection\?[^"]+)">')


@pytest.fixture
def projection(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def row(widget, name):
    return np.array([widget.number(f"{name}-{i}") for i in range(3)])


def gradient(x, g, gamma):
    values = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([gamma], dtype=torch.float64)
    out = F.batch_norm(values[:, None], None, None, weight, training=True, eps=EPS)
    out.backward(torch.tensor(g, dtype=torch.float64)[:, None])
    return values.grad.numpy()


def near(expected):
    """To the digits shown: two, or none from 100 on."""
    large = np.abs(np.asarray(expected)) >= 99.9
    return pytest.approx(expected, abs=0.51 if large.any() else 0.0051)


def assert_agrees(widget, gamma=1.0):
    """All shown numbers against autograd's and NumPy's, from the shown x and g."""
    x, g = row(widget, "x"), row(widget, "g")
    sd = np.sqrt(x.var() + EPS)
    x_hat, to_x = (x - x.mean()) / sd, gradient(x, g, gamma)
    along = x_hat * (g * x_hat).mean()
    vectors = {
        "xHat": x_hat,
        "g": g,
        "means": np.full(3, g.mean()),
        "along": along,
        "left": g - g.mean() - along,
        "gradient": to_x,
    }
    for name, vector in vectors.items():
        assert row(widget, name) == near(vector), name
        length = np.linalg.norm(vector)
        assert widget.number(f"{name}-length") == near(length), name
    assert widget.number("factor") == near(gamma / sd)
    assert widget.number("sum") == 0
    product = to_x @ x_hat
    rounding = 1e-9 + 0.06 * abs(product) if abs(product) < 0.005 else 0.0051
    assert widget.number("dot") == pytest.approx(product, abs=rounding)


def point(widget, number):
    return widget.at.get_by_role("slider", name=f"value {number}")


def tip(widget):
    return widget.at.get_by_role("slider", name="g without its mean")


def test_opens_with_the_chapter_s_numbers(projection):
    assert row(projection, "x").tolist() == X
    assert row(projection, "g").tolist() == G
    assert "One line of directions stays" in projection.value("said")
    assert_agrees(projection)


def test_keys_move_a_point_both_ways(projection):
    projection.press(point(projection, 1), "ArrowRight", times=3)
    projection.press(point(projection, 1), "ArrowDown", times=2)
    projection.press(point(projection, 2), "PageUp")
    assert row(projection, "x") == pytest.approx([1.3, 2, 6])
    assert row(projection, "g") == pytest.approx([0.8, -0.5, 2])
    assert point(projection, 1).get_attribute("aria-valuetext") == "x 1.3, g 0.8"
    assert_agrees(projection)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_move_a_point(way, width, browser, address):
    with shown(browser, address + PAGE, NAME, width=width) as widget:
        getattr(widget, way)(point(widget, 2), 60, -40)
        x, g = row(widget, "x"), row(widget, "g")
        assert x[1] > 3
        assert g[1] > -1
        assert x[[0, 2]].tolist() == [1, 6]
        assert g[[0, 2]].tolist() == [1, 2]
        assert_agrees(widget)


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_the_arrow_in_the_plane_moves_g_but_not_its_mean(projection, way):
    getattr(projection, way)(tip(projection), -150, 30)
    g = row(projection, "g")
    assert g.mean() == pytest.approx(np.mean(G))
    assert g[1] > G[1] + 1  # the second value grows to the left
    assert g[2] < G[2] - 1
    assert row(projection, "x").tolist() == X
    assert_agrees(projection)


def test_keys_move_the_arrow_in_the_plane(projection):
    projection.press(tip(projection), "ArrowUp", times=2)
    assert row(projection, "g") == pytest.approx([1.4, -1.7, 1.8])
    projection.press(tip(projection), "ArrowLeft")
    assert row(projection, "g") == pytest.approx([1.4, -1.6, 1.7])
    assert_agrees(projection)


def test_arrows_lie_as_the_numbers_say(projection):
    """Lengths and angles in the drawing, in units of its circle of radius root 3."""
    for move in (None, "PageDown"):
        if move:
            projection.press(point(projection, 3), move)
            projection.press(point(projection, 2), "ArrowRight", times=7)
        heads, foot = arrowheads(projection)
        names = {
            "along": "variance",
            "left": "batch",
            "xHat": "theory",
            "whole": "data",
        }
        at = {name: heads[color] for name, color in names.items()}
        for name in ("along", "left", "xHat"):
            length = projection.number(f"{name}-length")
            assert np.linalg.norm(at[name]) == pytest.approx(length, abs=0.02), name
        assert at["along"] + at["left"] == pytest.approx(at["whole"], abs=0.01)
        assert at["left"] @ at["xHat"] == pytest.approx(0, abs=0.01)
        assert foot == pytest.approx(at["whole"], abs=0.01)


def arrowheads(widget):
    """Colour -> where the arrow ends, and where the handle is, about the centre."""
    plane = widget.at.get_by_label("The plane at right angles to (1, 1, 1)")
    found = plane.evaluate(
        """(e) => {
          const circle = e.querySelector("circle");
          const heads = [...e.querySelectorAll("path[fill]")].map((head) =>
            [head.getAttribute("fill"), head.getAttribute("d")]);
          const get = (name) => Number(circle.getAttribute(name));
          const handle = e.querySelector(".bn-handle").getAttribute("transform");
          return { circle: ["cx", "cy", "r"].map(get), heads, handle };
        }"""
    )
    x, y, radius = found["circle"]

    def place(text):
        right, down = map(float, re.findall(r"-?[\d.]+", text)[:2])
        return np.sqrt(3) / radius * np.array([right - x, down - y])

    heads = {re.search(r"bn-(\w+)", fill)[1]: place(d) for fill, d in found["heads"]}
    return heads, place(found["handle"])


def test_gamma_scales_the_gradient_only(projection):
    left = row(projection, "left")
    projection.slide("gamma", -2.5)
    assert row(projection, "left").tolist() == left.tolist()
    assert_agrees(projection, -2.5)


def test_equal_values_have_no_direction(projection):
    for number in (1, 2, 3):
        projection.press(point(projection, number), "End")
    assert row(projection, "x").tolist() == [8, 8, 8]
    assert "All x are equal" in projection.value("said")
    assert projection.at.get_by_text("stays", exact=True).is_hidden()
    centred = np.array(G) - np.mean(G)
    assert row(projection, "left") == near(centred)
    assert row(projection, "gradient") == near(centred / np.sqrt(EPS))
    assert_agrees(projection)
    projection.press(point(projection, 1), "ArrowLeft")
    assert projection.at.get_by_text("stays", exact=True).is_visible()
    assert_agrees(projection)


@pytest.mark.parametrize(
    ("g", "said", "name"),
    [
        ([1, 1, 1], "it is all mean", "means"),
        ([-0.8, -0.4, 1.2], "but what ε lets through", "along"),
        ([0.8, -1, 0.2], "all of it is left", "left"),
    ],
)
def test_pure_directions(g, said, name, browser, address):
    link = f"{address}{PAGE}#widget-{NAME}?g={g}".replace(" ", "")
    with shown(browser, link, NAME) as widget:
        assert said in widget.value("said")
        for part in ("means", "along", "left"):
            length = np.linalg.norm(g) if part == name else 0
            assert widget.number(f"{part}-length") == near(length)
        assert_agrees(widget)


def test_the_chapter_s_links_set_it(browser, address):
    text = (ROOT / "notebooks/backward-by-hand.md").read_text("utf-8")
    links = LINK.findall(text)
    assert links
    for link in links:
        with shown(browser, address + PAGE + link, NAME) as widget:
            assert widget.page.evaluate("location.hash") == link
            widget.at.get_by_role("button", name="Copy link").click()
            copied = widget.page.evaluate("navigator.clipboard.readText()")
            assert unquote(copied).endswith(link)


def test_reset_and_link(projection, browser, address):
    projection.press(point(projection, 2), "PageUp")
    projection.press(tip(projection), "ArrowRight", times=4)
    projection.slide("gamma", 0.5)
    projection.at.get_by_role("button", name="Copy link").click()
    link = projection.page.evaluate("navigator.clipboard.readText()")
    with shown(browser, link, NAME) as again:
        assert row(again, "g").tolist() == row(projection, "g").tolist()
        assert row(again, "gradient").tolist() == row(projection, "gradient").tolist()
    projection.at.get_by_role("button", name="Reset").click()
    projection.settle()
    assert row(projection, "g").tolist() == G
    assert_agrees(projection)
