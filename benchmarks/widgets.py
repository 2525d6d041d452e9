"""How soon a widget answers, in a browser on the built site, without a kernel."""

import statistics
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from playwright.sync_api import Page, sync_playwright

# One way to find a browser, the tests'.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "site"))
from browser import launch
from server import published

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
MOVES = 20
TRAINING = 10  # seconds
# Of the playground; another seed than its first story, which pauses by itself.
DEEP = "depth=15&width=64&batch_size=64&seed=1"
# From the event to the moment when the frame that it changed has been painted: a
# message posted in a frame's callback arrives after that frame's painting.
WATCH = """
window.delays = [];
for (const kind of ["input", "keydown"]) {
  addEventListener(kind, (event) => {
    if (kind === "keydown" && event.target.matches("input")) return;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => delays.push(performance.now() - event.timeStamp);
      port2.postMessage(0);
    });
  }, true);
}
window.tasks = [];
new PerformanceObserver((list) => {
  tasks.push(...list.getEntries().map((entry) => entry.duration));
}).observe({ type: "longtask" });
"""


def widget_answers() -> dict[str, float]:
    """Return milliseconds from input to the painted frame, and the playground's pace.

    Each widget gets 20 moves by keys, spread over its sliders; the slowest widget
    counts.
    """
    found = {}
    with sync_playwright() as playwright, published(SITE, "/") as address:
        browser = launch(playwright)
        for page, name in places():
            delays = moves(open_at(browser, f"{address}{page}", name), name)
            found[name] = statistics.median(delays), quantile(delays, 0.95)
            print(
                f"  {name}: median {found[name][0]:.1f} ms, 95% {found[name][1]:.1f} ms"
            )
        pace = playground_pace(browser, address)
        browser.close()
    slowest = {
        "widget_frame_ms_median": max(median for median, _ in found.values()),
        "widget_frame_ms_95_percent": max(high for _, high in found.values()),
    }
    return slowest | pace


def places() -> list[tuple[str, str]]:
    """Return (page, element) of every widget on the site."""
    if not SITE.exists():
        raise RuntimeError("the site is not built: run `make book`")
    return [
        (file.relative_to(SITE).as_posix(), place["id"])
        for file in sorted((SITE / "notebooks").glob("*.html"))
        for place in BeautifulSoup(file.read_text("utf-8"), "html.parser").select(
            ".bn-widget"
        )
    ]


def open_at(browser, url: str, name: str) -> Page:
    """Open a page at a widget and wait until that is on."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator(f"#{name}").scroll_into_view_if_needed()
    page.locator(f"#{name}[data-ready]").wait_for()
    page.wait_for_timeout(1000)
    return page


def moves(page: Page, name: str) -> list[float]:
    """Move a widget's sliders by keys; return the milliseconds that each move took."""
    sliders = page.locator(f"#{name} :is(input[type=range], [role=slider])").all()
    sliders = [slider for slider in sliders if slider.is_visible()]
    for move in range(MOVES):
        slider = sliders[move % len(sliders)]
        slider.focus()
        key = "ArrowLeft" if move // len(sliders) % 2 else "ArrowRight"
        page.keyboard.press(key)
        page.wait_for_timeout(150)
    delays = page.evaluate("delays")
    page.close()
    return delays


def playground_pace(browser, address: str) -> dict[str, float]:
    """Train 15 layers in the page; return steps a second and the longest task."""
    url = f"{address}notebooks/playground.html#widget-playground?{DEEP}"
    page = open_at(browser, url, "widget-playground")
    page.evaluate("tasks.length = 0")
    page.locator("#widget-playground").get_by_role("button", name="Play").click()
    steps = page.locator('#widget-playground [data-value="step"]')
    page.wait_for_timeout(2000)
    before = int(steps.inner_text().replace(",", ""))
    page.wait_for_timeout(1000 * TRAINING)
    after = int(steps.inner_text().replace(",", ""))
    longest = max(page.evaluate("tasks"), default=0.0)  # below 50 ms none is listed
    page.close()
    return {
        "playground_steps_per_second": (after - before) / TRAINING,
        "playground_longest_task_ms": longest,
    }


def quantile(values: list[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]
