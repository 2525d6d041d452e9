"""The block whose values share a mean: what the page says is what PyTorch computes."""

import re

import pytest
import torch
import torch.nn.functional as F
from hand import shown

from normlab.runs import recordings
from normlab.widgets.which_axes import NORMALIZERS

PAGE = "notebooks/which-axes.html"
NAME = "which-axes"
IMAGES, CHANNELS, SIDE = 4, 8, 8


@pytest.fixture
def axes(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


@pytest.fixture(scope="module")
def block():
    ((_, arrays),) = recordings("maps")
    return torch.from_numpy(arrays["maps/2"][:IMAGES, :CHANNELS].copy())


def normalized(x, normalizer, groups=2):
    """PyTorch's answer, and what shares a mean with each value (N, C, H, W, ...)."""
    if normalizer == "batch":
        return F.batch_norm(x, None, None, training=True)
    if normalizer == "layer":
        return F.layer_norm(x, x.shape[1:])
    if normalizer == "layer over C":
        return F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(-1, 1)
    if normalizer == "group":
        return F.group_norm(x, groups)
    return F.instance_norm(x)


def shared(x, normalizer, cell, groups=2):
    """The values whose mean a cell shares."""
    n, c, h, w = cell
    size = x.shape[1] // groups
    return {
        "batch": x[:, c],
        "layer": x[n],
        "layer over C": x[n, :, h, w],
        "group": x[n, c // size * size :][:size],
        "instance": x[n, c],
    }[normalizer]


def chosen(axes):
    """The chosen cell, counted from 0."""
    return tuple(int(n) - 1 for n in re.findall(r"\d+", axes.value("cell")))


def assert_agrees(axes, block, normalizer, images=IMAGES, groups=2):
    x, cell = block[:images], chosen(axes)
    alike = shared(x, normalizer, cell, groups)
    assert axes.number("pairs") == x.numel() / alike.numel()
    assert axes.number("each") == alike.numel()
    assert axes.number("mean") == pytest.approx(alike.mean().item(), abs=0.00501)
    variance = alike.var(correction=0).item()
    assert axes.number("variance") == pytest.approx(variance, abs=0.000501)
    assert axes.number("before") == pytest.approx(x[cell].item(), abs=0.00501)
    after = normalized(x, normalizer, groups)[cell].item()
    assert axes.number("after") == pytest.approx(after, abs=0.00501)


def grid(axes):
    return axes.at.get_by_role("slider", name="chosen value in the grid")


def spoken(axes):
    return grid(axes).get_attribute("aria-valuetext")


@pytest.mark.parametrize("normalizer", NORMALIZERS.values())
def test_every_normalizer_is_torchs(axes, block, normalizer):
    axes.choose("normalizer", normalizer)
    assert_agrees(axes, block, normalizer)


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_groups(axes, block, groups):
    axes.choose("normalizer", "group")
    axes.slide("groups", [1, 2, 4, 8].index(groups))
    assert_agrees(axes, block, "group", groups=groups)
    ends = {1: "layer", 8: "instance"}
    if groups in ends:
        found = [axes.value(n) for n in ("pairs", "each", "mean", "after")]
        axes.choose("normalizer", ends[groups])
        assert found == [axes.value(n) for n in ("pairs", "each", "mean", "after")]


def test_groups_are_asked_for_only_where_they_count(axes):
    slider = axes.control("groups").locator("input")
    assert slider.is_disabled()
    axes.choose("normalizer", "group")
    assert slider.is_enabled()


@pytest.mark.parametrize("normalizer", NORMALIZERS.values())
def test_only_batch_normalization_notices_the_other_images(axes, block, normalizer):
    axes.choose("normalizer", normalizer)
    found = set()
    for images in (4, 3, 2, 1):
        axes.slide("batch_size", images)
        assert_agrees(axes, block, normalizer, images)
        found.add(tuple(axes.value(n) for n in ("each", "mean", "variance", "after")))
        assert axes.value("others").startswith(
            "yes" if normalizer == "batch" and images > 1 else "no"
        )
    assert len(found) == (4 if normalizer == "batch" else 1)
    assert axes.value("modes").startswith("yes" if normalizer == "batch" else "no")


def test_one_image_still_has_its_places(axes):
    axes.slide("batch_size", 1)
    assert axes.number("each") == SIDE * SIDE


def test_keys_walk_over_the_whole_grid(axes, block):
    axes.press(grid(axes), "Home")
    start = chosen(axes)
    assert start[1] == 0
    for key, times, moved in (
        ("ArrowRight", 1, (0, 0, 0, 1)),
        ("ArrowDown", 2, (0, 0, 2, 1)),
        ("ArrowRight", SIDE, (0, 1, 2, 1)),
        ("ArrowDown", SIDE, (1, 1, 2, 1)),
        ("Shift+ArrowRight", 2, (1, 3, 2, 1)),
        ("Shift+ArrowDown", 1, (2, 3, 2, 1)),
        ("PageUp", 1, (1, 3, 2, 1)),
        ("PageDown", 5, (3, 3, 2, 1)),
        ("End", 1, (3, 7, 2, 1)),
        ("Shift+ArrowRight", 1, (3, 7, 2, 1)),
        ("ArrowUp", 1, (3, 7, 1, 1)),
        ("ArrowLeft", 1, (3, 7, 1, 0)),
    ):
        axes.press(grid(axes), key, times)
        expected = [a + b for a, b in zip((0, 0, *start[2:]), moved, strict=True)]
        assert list(chosen(axes)) == expected, key
    assert_agrees(axes, block, "batch")


def test_the_chosen_value_is_spoken(axes, block):
    n, c, h, w = chosen(axes)
    place = f"image {n + 1}, channel {c + 1}, row {h + 1}, column {w + 1}: "
    minus = str.maketrans("-", "−")
    before = f"{block[n, c, h, w]:.2f}".translate(minus)
    assert spoken(axes) == place + before
    axes.choose("view", "after")
    after = normalized(block, "batch")[n, c, h, w]
    assert spoken(axes) == place + f"{after:.2f}".translate(minus)


def test_an_image_that_is_not_in_the_batch_is_not_chosen(axes, block):
    axes.press(grid(axes), "PageDown", 3)
    assert chosen(axes)[0] == 3
    axes.slide("batch_size", 2)
    assert chosen(axes)[0] == 1
    assert_agrees(axes, block, "batch", images=2)
    axes.press(grid(axes), "PageDown")
    assert chosen(axes)[0] == 1
    axes.slide("batch_size", 4)
    assert chosen(axes)[0] == 3


def ring(axes):
    return axes.at.locator(".bn-axes-ring")


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_choose(axes, block, way):
    """From the middle of the grid, where they press, to the left."""
    whole = grid(axes).bounding_box()
    far = -whole["width"] / 4
    getattr(axes, way)(grid(axes), far)
    first, box = chosen(axes), ring(axes).bounding_box()
    left = whole["x"] + whole["width"] / 2 + far
    assert abs(box["x"] + box["width"] / 2 - left) <= box["width"]
    getattr(axes, way)(grid(axes), far + 2 * box["width"])
    assert chosen(axes)[1:] > first[1:]  # to the right of it
    assert_agrees(axes, block, "batch")


def test_a_click_between_the_maps_or_beyond_them_chooses_the_nearest(axes):
    box = grid(axes).bounding_box()
    for x, y, expected in ((0, 0, (0, 0, 0, 0)), (-3, -3, (3, 7, 7, 7))):
        axes.page.mouse.click(box["x"] + x % box["width"], box["y"] + y % box["height"])
        axes.settle()
        assert chosen(axes) == expected


def test_what_is_outlined_is_what_is_lit(axes):
    """One box around neighbours; a box a channel where single places are lit."""
    line = axes.at.locator(".bn-axes-lit")
    for normalizer in NORMALIZERS.values():
        axes.choose("normalizer", normalizer)
        boxes = line.get_attribute("d").count("M")
        assert boxes == (CHANNELS if normalizer == "layer over C" else 1)


def colours(axes):
    """Each cell's colour in the drawn maps, as (N, C, H, W, 3)."""
    pixels = axes.at.evaluate(
        """(el, [images, channels, side]) => {
          const grid = el.querySelector(".bn-axes-grid");
          const [, maps] = grid.querySelectorAll("canvas");
          const ring = grid.querySelector(".bn-axes-ring");
          const size = Number(ring.getAttribute("width")) - 2;
          const width = parseFloat(maps.style.width);
          const ratio = maps.width / width;
          const left = width - size * (channels * (side + 1) - 1);
          const pen = maps.getContext("2d");
          const found = [];
          for (let y = 0; y < images * side; y++) {
            for (let x = 0; x < channels * side; x++) {
              const at = (i) => i + Math.floor(i / side) + 0.5;
              const place = [left + at(x) * size, 20 + at(y) * size];
              const [i, j] = place.map((pixels) => pixels * ratio);
              found.push([...pen.getImageData(i, j, 1, 1).data]);
            }
          }
          return found;
        }""",
        [IMAGES, CHANNELS, SIDE],
    )
    image = torch.tensor(pixels).view(IMAGES, SIDE, CHANNELS, SIDE, 4)
    return image.permute(0, 2, 1, 3, 4)


def test_colours_show_the_sign_and_fade_outside(axes, block):
    axes.choose("view", "after")
    axes.choose("normalizer", "layer")
    drawn, x = colours(axes), normalized(block, "layer")
    blue, red = drawn[..., 2], drawn[..., 0]
    assert (blue[x < -0.1] > red[x < -0.1]).all()
    assert (red[x > 0.1] > blue[x > 0.1]).all()
    strength = 255 - drawn[..., :3].amin(-1)
    n = chosen(axes)[0]
    dim = [i for i in range(IMAGES) if i != n]
    assert strength[dim].max() < 0.4 * strength[n].max()


def test_images_outside_the_batch_are_empty(axes):
    axes.slide("batch_size", 2)
    alpha = colours(axes)[..., 3]
    assert (alpha[:2] == 255).all()
    assert (alpha[2:, :, 1:-1, 1:-1] == 0).all()


def test_a_link_brings_back_all_of_it(axes, browser, address):
    axes.choose("normalizer", "group")
    axes.slide("groups", 2)
    axes.slide("batch_size", 3)
    axes.choose("view", "after")
    axes.press(grid(axes), "Shift+ArrowRight")
    axes.at.get_by_role("button", name="Copy link").click()
    link = axes.page.evaluate("navigator.clipboard.readText()")
    with shown(browser, link, NAME) as again:
        assert spoken(again) == spoken(axes)
        for name in ("pairs", "each", "mean", "variance", "before", "after"):
            assert again.value(name) == axes.value(name)


@pytest.mark.parametrize("cell", ["[8,8,8,8]", "[1.5,2.5,3.5,4.5]", "[1,1,1,1]"])
def test_any_cell_that_a_link_may_name_is_a_cell(browser, address, block, cell):
    link = f"{address}{PAGE}#widget-{NAME}?cell={cell}&batch_size=2"
    with shown(browser, link, NAME) as axes:
        n, c, h, w = chosen(axes)
        assert n < 2 and max(c, h, w) < 8
        assert_agrees(axes, block, "batch", images=2)
