"""What one page does while it is open in a browser."""

import gzip
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page

WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
LOOK = """() => {
  const text = (selector, name) => document.querySelector(selector)?.getAttribute(name);
  const maths = [...document.querySelectorAll(".math")];
  return {
    lang: document.documentElement.lang,
    title: document.title,
    description: text("meta[name=description]", "content"),
    canonical: text("link[rel=canonical]", "href"),
    h1: document.querySelectorAll("h1").length,
    images: [...document.images].map((i) => ({ src: i.src, alt: i.getAttribute("alt"),
      link: !!i.closest("a") })),
    formulas: maths.length,
    unset: maths.filter((m) => !(m.querySelector("mjx-container")?.offsetHeight > 0)
      || m.querySelector("mjx-merror")).length,
    mathsFonts: [...document.fonts].filter((f) => f.family.startsWith("MJX")
      && f.status === "loaded").length,
    notes: document.querySelectorAll(".bn-widget .bn-note").length,
  };
}"""
# The widest element is named, so that a failure tells where to look.
WIDTH = """() => {
  const room = document.documentElement.clientWidth;
  const clipped = (e) => e && (getComputedStyle(e).overflowX !== "visible"
    || clipped(e.parentElement));
  const wide = [...document.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > room + 1 && !clipped(e.parentElement));
  return { room, used: document.documentElement.scrollWidth,
    first: wide.slice(0, 3).map((e) => `${e.tagName}.${e.className}`) };
}"""
TWO_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""
COUNTED = {"document", "stylesheet", "script", "font", "fetch"}
SIZE = {"width": 1280, "height": 900}  # px of a desk's window
SIZES = {}  # address -> compressed bytes of what is there


@dataclass
class Visit:
    """Everything the tests ask about one page."""

    url: str
    page: Page
    requests: list = field(default_factory=list)
    responses: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    console: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)
    bytes: dict = field(default_factory=dict)

    def at(self, width):
        """What sticks out at a width of the window."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate(TWO_FRAMES)  # a widget redraws in the frame after
        return self.page.evaluate(WIDTH)

    def violations(self):
        return self.page.evaluate("window.violations")

    def elsewhere(self):
        host = urlsplit(self.url).netloc
        return [r for r in self.requests if urlsplit(r).netloc != host]

    def broken(self):
        return [f"{r.status} {r.url}" for r in self.responses if r.status >= 400]

    def loaded(self, word):
        return [r.url for r in self.responses if word in urlsplit(r.url).path]


@contextmanager
def visited(browser, url):
    """Open a page in a fresh profile and write down what happens while it is open."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(WATCH_POLICY)
    page = context.new_page()
    visit = Visit(url, page)
    page.on("request", lambda r: visit.requests.append(r.url))
    page.on("response", lambda r: visit.responses.append(r))
    page.on("requestfailed", lambda r: visit.failures.append(f"{r.url} {r.failure}"))
    page.on("console", lambda m: m.type == "error" and visit.console.append(m.text))
    page.on("pageerror", lambda e: visit.errors.append(str(e)))
    page.goto(url, wait_until="networkidle")
    page.wait_for_function("document.fonts.status === 'loaded'")
    visit.seen = page.evaluate(LOOK)
    visit.bytes = {
        r.url: size(r)
        for r in visit.responses
        if r.request.resource_type in COUNTED and r.status == 200
    }
    yield visit
    context.close()


def size(response):
    """Compressed bytes of a response; each file of the site is asked for once."""
    if response.url not in SIZES:
        SIZES[response.url] = len(gzip.compress(response.body(), 9))
    return SIZES[response.url]


def is_widgets(url):
    """Whether a file is a widget's; stills are pictures of the page."""
    path = urlsplit(url).path
    ours = "/assets/widgets/" in path or "/assets/host" in path
    return ours and not path.endswith(".svg")
