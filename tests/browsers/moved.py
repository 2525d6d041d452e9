"""A widget on its page, moved by keys, mouse and finger, and read as in tests/site."""

from hand import Shown

KEYS = {
    "Enter": "\ue006",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}
# In the page: what stands under a path of XPath in a widget.
FIND = """const place = document.getElementById(`widget-${name}`);
const find = (path) => document.evaluate(path, place, null, 9).singleNodeValue;"""
# Where a part stands, in whole pixels, once it can be used and stands still.
REACH = """async (part) => {
  const middle = () => {
    part.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = part.getBoundingClientRect();
    return [Math.round(x + width / 2), Math.round(y + height / 2)];
  };
  const drawn = () => new Promise((done) => requestAnimationFrame(() =>
    requestAnimationFrame(done)));
  let before = null;
  while (part.disabled || String(middle()) !== before) {
    before = String(middle());
    await drawn();
  }
  return middle();
}"""


def labelled(name):
    return f'.//*[@aria-label="{name}"]'


def button(text):
    return f'.//button[.="{text}"]'


def control(name):
    return f'.//*[@data-control="{name}"]//input'


class Widget:
    """A widget that is on and has been drawn."""

    def __init__(self, browser, url, name):
        self.browser, self.name = browser, name
        browser.open(url)
        self.ask(".", "(place) => place.scrollIntoView({ behavior: 'instant' })")
        self.wait("(place) => 'ready' in place.dataset")

    def ask(self, path, function):
        """Call a function with what stands under ``path``; return what it returns."""
        return self.browser.run(
            f"(name, path) => {{ {FIND} return ({function})(find(path)); }}",
            self.name,
            path,
        )

    def wait(self, function, *arguments):
        """Wait until a function of the widget's place is true."""
        self.browser.wait(
            f"(name, ...given) => {{ {FIND} return ({function})(place, ...given); }}",
            self.name,
            *arguments,
        )

    def value(self, name):
        """What the page shows under a name, as text."""
        return self.ask(f'.//*[@data-value="{name}"]', "(shown) => shown.innerText")

    number = Shown.number

    def settle(self):
        """Wait until what was changed is drawn."""
        self.browser.run(
            "() => new Promise((done) => requestAnimationFrame(() => "
            "requestAnimationFrame(() => done(null))))"
        )

    def press(self, path, key, times=1):
        """Give a part the focus and press a key on it."""
        self.ask(path, REACH)
        self.ask(path, "(part) => part.focus()")
        strokes = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        self.browser.act({"type": "key", "id": "keys", "actions": times * strokes})
        self.settle()

    def drag(self, path, dx, dy=0, pointer="mouse"):
        """Press a pointer on the middle of a part, move it in CSS pixels, let go."""
        x, y = self.ask(path, REACH)
        # A pointer cannot leave the window.
        at = [
            (max(0, x + round(part * dx)), y + round(part * dy)) for part in (0, 0.5, 1)
        ]
        first, *moves = [{"type": "pointerMove", "x": x, "y": y} for x, y in at]
        down, up = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self.browser.act(
            {
                "type": "pointer",
                "id": pointer,
                "parameters": {"pointerType": pointer},
                "actions": [first, down, *moves, up],
            }
        )
        self.settle()

    def click(self, path):
        self.drag(path, 0)

    def swipe(self, path, dx, dy=0):
        """Drag by a finger; WebKit's driver has none and takes the mouse instead."""
        self.drag(path, dx, dy, pointer="touch")

    def tap(self, path):
        self.swipe(path, 0)
