"""The batch-size explorer: what the page shows is what the recorded table says."""

import pytest
from hand import shown
from scipy import stats

from normlab.runs import load, source
from normlab.runs.batch_size import SIZES

PAGE = "notebooks/batch-size.html"
NAME = "batch-size"
KEY = "(mark) => mark.style.background"
FRONT = "path[stroke-width='2.4'], path[stroke-width='2.2']"  # each plot has one
LINES = {"none": "none", "batch norm": "torch_batch", "group norm": "torch_group"}


@pytest.fixture(scope="module")
def table():
    return load(NAME)


@pytest.fixture
def explorer(browser, address):
    with shown(browser, address + PAGE, NAME) as widget:
        yield widget


def recorded(table, norm, size, rate, budget, *which):
    """The table's values by seed, of the runs that did not diverge.

    ``which`` is split, statistics and measure.
    """
    rows = table[(table["norm"] == norm) & (table["batch_size"] == size)]
    rows = rows[(rows["lr"] == rate) & (rows["budget"] == budget)]
    names = ["split", "statistics", "measure"]
    rows = rows.assign(name=rows[names].agg("/".join, axis=1))
    wanted, loss = "/".join(which), "train/running/loss"
    ends = rows.pivot(index="seed", columns="name", values="value")
    return ends.reindex(columns=[wanted, loss]).dropna()[wanted]


def accuracies(table, norm, size, rate, budget="epochs", statistics="running"):
    which = ("test", statistics, "accuracy")
    return 100 * recorded(table, norm, size, rate, budget, *which)


def both_ends(text):
    return [float(end.replace("−", "-").replace(",", "")) for end in text.split(" to ")]


def assert_row(explorer, line, values, digits=1):
    """A row of the table shows the mean, its interval and the range of these values."""
    off = 0.51 * 10**-digits
    assert explorer.number(f"{line}-mean") == pytest.approx(values.mean(), abs=off)
    ends = [values.min(), values.max()]
    assert both_ends(explorer.value(f"{line}-range")) == pytest.approx(ends, abs=off)
    said = explorer.value(f"{line}-interval")
    if len(values) > 1 and said != "–":
        reach = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
        expected = [values.mean() - reach, values.mean() + reach]
        assert both_ends(said) == pytest.approx(expected, abs=2 * off)


def marker(explorer):
    return explorer.at.locator('g[aria-label="batch size"]')


@pytest.mark.parametrize("view", ["normalizers", "two batch sizes"])
def test_a_line_has_one_colour(explorer, view):
    """At its button, in the table and in both plots."""
    explorer.choose("view", view)
    control = explorer.control("norm" if view == "normalizers" else "ghost")
    at_buttons, in_table = (
        {row.inner_text().strip(): row.locator(".bn-key").evaluate(KEY) for row in rows}
        for rows in (
            control.locator("span:has(> .bn-key)").all(),
            explorer.at.locator("tbody th").all(),
        )
    )
    assert at_buttons == in_table
    assert len(set(in_table.values())) == 3
    for label, color in in_table.items():
        explorer.choose(control.get_attribute("data-control"), label)
        for plot in explorer.at.locator("svg").all():
            assert plot.locator(FRONT).get_attribute("stroke") == color


def test_opens_with_every_normalizer_at_16(explorer, table):
    for line in ("none", "torch_batch", "torch_group"):
        assert_row(explorer, line, accuracies(table, line, 16, 16 / 256))
    assert "18,750 updates, 300,000 images" in explorer.value("about")


def test_keys_move_the_marker(explorer, table):
    explorer.press(marker(explorer), "ArrowRight", times=2)
    assert_row(explorer, "torch_batch", accuracies(table, "torch_batch", 256, 1.0))
    explorer.press(marker(explorer), "Home")
    assert_row(explorer, "torch_batch", accuracies(table, "torch_batch", 2, 2 / 256))
    explorer.press(marker(explorer), "ArrowLeft")  # at the end it stays
    explorer.press(marker(explorer), "End")
    assert_row(explorer, "torch_group", accuracies(table, "torch_group", 1024, 4.0))


@pytest.mark.parametrize("way", ["drag", "swipe"])
def test_mouse_and_finger_move_the_marker(explorer, table, way):
    getattr(explorer, way)(marker(explorer), -400)
    assert explorer.control("size").locator("output").inner_text() == "2 images"
    assert_row(explorer, "torch_group", accuracies(table, "torch_group", 2, 2 / 256))
    getattr(explorer, way)(marker(explorer), 120)
    assert explorer.control("size").locator("output").inner_text() in (
        "16 images",
        "64 images",
    )


def test_a_click_in_the_plot_moves_the_marker(explorer):
    plot = explorer.at.locator("svg").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] - 30, "y": 100})
    explorer.settle()
    assert explorer.control("size").locator("output").inner_text() == "1024 images"


@pytest.mark.parametrize("rule", ["scaled", "fixed"])
@pytest.mark.parametrize("budget", ["epochs", "updates"])
def test_rates_and_budgets(explorer, table, rule, budget):
    explorer.choose("rule", {"scaled": "grows with batch", "fixed": "1.0"}[rule])
    explorer.choose(
        "budget", {"epochs": "5 epochs", "updates": "1,200 updates"}[budget]
    )
    for at, size in enumerate(SIZES):
        explorer.slide("size", at)
        rate = size / 256 if rule == "scaled" else 1.0
        for line in LINES.values():
            values = accuracies(table, line, size, rate, budget)
            if len(values):
                assert_row(explorer, line, values)
            else:
                assert explorer.value(f"{line}-mean") == "–"


def test_gap_and_loss(explorer, table):
    explorer.slide("size", SIZES.index(64))
    explorer.choose("measure", "gap")
    key = ("torch_batch", 64, 0.25)
    own = accuracies(table, *key, statistics="batch")
    assert_row(explorer, "torch_batch", own - accuracies(table, *key))
    explorer.choose("measure", "with batch statistics")
    assert_row(explorer, "torch_batch", own)
    explorer.choose("measure", "loss")
    losses = recorded(table, *key, "epochs", "train", "batch", "loss")
    assert_row(explorer, "torch_batch", losses, digits=3)


def test_noise_scale_is_a_ratio_of_means(explorer, table):
    explorer.slide("size", SIZES.index(64))
    explorer.choose("measure", "gradient noise")
    key = ("torch_batch", 64, 0.25, "epochs", "train", "")
    variance = recorded(table, *key, "gradient_variance")
    square = recorded(table, *key, "gradient_square")
    expected = 64 * variance.mean() / square.mean()
    assert explorer.number("torch_batch-mean") == pytest.approx(expected, rel=0.051)
    each = (64 * variance / square)[square > 0]
    ends = both_ends(explorer.value("torch_batch-range"))
    assert ends == pytest.approx([each.min(), each.max()], rel=0.051)
    assert explorer.value("torch_batch-interval") == "–"


def test_the_two_batch_sizes_told_apart(explorer, table):
    explorer.choose("view", "two batch sizes")
    for size, statistics, gradient in (
        (16, ("ghost_16", 256, 1.0), ("torch_batch", 16, 1 / 16)),
        (64, ("ghost_64", 256, 1.0), ("ghost_16", 64, 0.25)),
        (256, ("torch_batch", 256, 1.0), ("ghost_16", 256, 1.0)),
    ):
        explorer.slide("size", SIZES.index(size))
        both = accuracies(table, "torch_batch", size, size / 256)
        assert_row(explorer, "both", both)
        for line, key in (("statistics", statistics), ("gradient", gradient)):
            values = accuracies(table, *key)
            if len(values):
                assert_row(explorer, line, values)
    explorer.slide("size", SIZES.index(8))
    assert explorer.value("statistics-mean") == "–"
    assert "has no run here" in explorer.value("about")


def test_runs_at_chance_are_counted(explorer, table):
    explorer.choose("budget", "1,200 updates")
    explorer.slide("size", SIZES.index(2))
    values = accuracies(table, "none", 2, 2 / 256, "updates")
    lost = (values < 15).sum()
    said = f"none: {lost} of {len(values)} at chance."
    assert (said in explorer.value("failed")) == (lost > 0)


def test_every_seed_has_its_dot(explorer, table):
    drawn = explorer.at.locator("svg").first.locator("path[fill*=batch]")
    discs = drawn.evaluate_all(
        "(all) => all.map((e) => e.getAttribute('d').split('M').length - 1)"
    )
    rows = table[(table["norm"] == "torch_batch") & (table["split"] == "test")]
    scaled = rows[rows["lr"] == rows["batch_size"] / 256]
    scaled = scaled[(scaled["budget"] == "epochs") & (scaled["measure"] == "accuracy")]
    assert max(discs) == (scaled["statistics"] == "running").sum()


def test_where_the_numbers_come_from_is_said(explorer):
    assert explorer.at.locator(".bn-source").inner_text() == source(NAME)


def test_without_a_kernel_there_is_no_button(explorer):
    assert not explorer.at.get_by_text("Train this point").is_visible()


def test_link_and_reset(explorer, browser, address):
    explorer.choose("measure", "loss")
    explorer.slide("size", SIZES.index(256))
    explorer.at.get_by_role("button", name="Copy link").click()
    link = explorer.page.evaluate("navigator.clipboard.readText()")
    with shown(browser, link, NAME) as again:
        assert again.value("torch_batch-mean") == explorer.value("torch_batch-mean")
    explorer.at.get_by_role("button", name="Reset").click()
    explorer.settle()
    assert explorer.control("size").locator("output").inner_text() == "16 images"


# With a kernel's front end, as anywidget makes it: `send` and its answers

FRONT_END = """async (place) => {
  const { module, state } = place.dataset;
  const at = (path) => new URL(path, document.baseURI).href;
  const { traits } = await (await fetch(at(state))).json();
  const heard = new Map();
  const call = (event, ...what) => (heard.get(event) ?? []).forEach((f) => f(...what));
  window.sent = [];
  window.model = {
    get: (name) => traits[name],
    set(name, value) {
      traits[name] = value;
      call(`change:${name}`);
    },
    save_changes() {},
    on: (event, f) => heard.set(event, [...(heard.get(event) ?? []), f]),
    off: (event, f) => heard.set(event, heard.get(event).filter((g) => g !== f)),
    send(message) {
      sent.push(message.do);
      if (message.do !== "hello") return;
      setTimeout(() => call("msg:custom", { kernel: true }));
    },
  };
  const el = document.createElement("div");
  el.id = "beside";
  place.append(el);
  const { default: widget } = await import(at(module));
  widget.render({ model, el });
}"""
RUNNING = {"key": "torch_batch/16/0.0625", "rate": 0.0625, "seed": 9, "steps": 1200}


@pytest.fixture
def alive(explorer):
    """The same widget once more on the page, with a kernel that answers."""
    explorer.at.evaluate(FRONT_END)
    explorer.at = explorer.page.locator("#beside")
    explorer.at.get_by_text("Train this point").wait_for()
    return explorer


def news(alive, **more):
    alive.page.evaluate("(live) => model.set('live', [live])", RUNNING | more)
    alive.settle()


def test_a_kernel_brings_the_button(alive):
    alive.at.get_by_role("button", name="Train this point").click()
    alive.settle()
    assert alive.control("budget").get_by_role("radio").nth(1).is_checked()
    assert alive.page.evaluate("sent") == ["hello", "train"]
    assert alive.at.get_by_role("button", name="Stop").is_disabled()


def test_progress_is_shown_and_can_be_stopped(alive):
    news(alive, step=300, said="training", curve={"by": 5, "mean": [2.0] * 15})
    bar = alive.at.get_by_role("progressbar")
    assert bar.evaluate("(e) => e.value") == 0.25
    assert alive.value("said") == "training: 300 of 1,200 updates"
    assert alive.at.get_by_role("button", name="Train this point").is_disabled()
    alive.at.get_by_role("button", name="Stop").click()
    assert alive.page.evaluate("sent").count("stop") == 1


def test_the_new_curve_is_drawn_where_it_belongs(alive):
    end = {"done": True, "accuracy": 0.712, "own": 0.698, "said": "trained"}
    alive.choose("budget", "1,200 updates")
    news(alive, step=1200, curve={"by": 20, "mean": [1.5] * 60}, **end)
    dashed = alive.at.locator("svg").last.locator("path[stroke-dasharray]")
    points = dashed.get_attribute("d").count("L") + 1
    assert points == 60
    assert "71.2%" in alive.value("said") and "69.8%" in alive.value("said")
    diamond = alive.at.locator("svg").first.locator("path[fill*=data]").first
    assert diamond.get_attribute("d").startswith("M")
    alive.choose("budget", "5 epochs")  # it has not had so many updates
    assert diamond.get_attribute("d") == ""
    alive.slide("size", SIZES.index(64))
    assert dashed.get_attribute("d") == ""


def test_an_error_is_said(alive):
    news(alive, step=0, done=True, said="FileNotFoundError: no images", curve=None)
    assert "no images" in alive.value("said")
    assert alive.at.get_by_role("button", name="Train this point").is_enabled()
