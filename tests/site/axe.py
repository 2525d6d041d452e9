"""The faults that axe finds in a page: in light, and once it has turned dark."""

from pathlib import Path

SOURCE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# With `colors`, only by the rules that colours and sizes can break; "enhanced" ones are
# off wherever all rules are asked for. Contrast, which costs three times what all other
# rules do, is judged of one text of each look: colours, size and weight, and what lies
# behind it.
CHECK = """async ([within, off, colors]) => {
  const behind = new Map([[null, ""]]);
  const ground = (e) => {
    if (!behind.has(e)) {
      const s = getComputedStyle(e);
      const at = s.position === "static" ? "" : e.tagName + e.className;
      behind.set(e, [ground(e.parentElement), s.backgroundColor, s.backgroundImage,
        s.opacity, at].join());
    }
    return behind.get(e);
  };
  const look = (e) => {
    const s = getComputedStyle(e);
    return [s.color, s.fontSize, s.fontWeight, s.textShadow, ground(e)].join();
  };
  const hasText = (e) => e.matches("input, select, textarea") ||
    [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  const texts = new Map([...document.querySelectorAll(`${within}, ${within} *`)]
    .filter((e) => e.getClientRects().length && hasText(e))
    .reverse().map((e) => [look(e), e])); // of each look the first
  for (const e of texts.values()) e.setAttribute("data-judged", "");
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-judged]" }] });
  const names = axe.getRules(["cat.color"]).map((rule) => rule.ruleId)
    .filter((name) => !name.endsWith("-enhanced"))
    .concat("scrollable-region-focusable").filter((name) => !off.includes(name));
  const rules = Object.fromEntries(off.map((name) => [name, { enabled: false }]));
  const which = colors ? { runOnly: { type: "rule", values: names } } : { rules };
  const found = await axe.run(within, { resultTypes: ["violations"], ...which });
  for (const e of texts.values()) e.removeAttribute("data-judged");
  return found.violations.map((v) => `${v.id}: ${v.help}: ${
    v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))}`);
}"""
# What all other rules look at: the elements, and which of them are shown. The sun and
# the moon in the theme's button are hidden from them.
LOOK = """() => [document.body.outerHTML,
  ...[...document.querySelectorAll("body, body *")].map((e) =>
    !!e.closest("svg[aria-hidden=true]") ||
    e.getClientRects().length > 0 && getComputedStyle(e).visibility === "visible")]
  .join("\\n")"""
# Not waited for: a transition of what is not drawn may never end.
TURNED = """() => document.getAnimations()
  .filter((a) => a instanceof CSSTransition).forEach((a) => a.finish())"""


def faults_by_theme(page, turn_dark, within="html", off=()):
    """{theme: faults} of a page in light, which ``turn_dark(page)`` turns dark.

    Where the same elements are shown, dark is judged by the rules of colours alone.
    """
    assert SOURCE.exists(), "axe-core is missing: run `npm ci` (make book does)"
    assert theme(page) == "light"
    page.evaluate(SOURCE.read_text("utf-8"))
    light, before = page.evaluate(CHECK, [within, list(off), False]), look(page)
    turn_dark(page)
    assert theme(page) == "dark"
    page.evaluate(TURNED)
    colors = look(page) == before
    return {"light": light, "dark": page.evaluate(CHECK, [within, list(off), colors])}


def theme(page):
    return page.get_attribute("html", "data-theme")


def look(page):
    return page.evaluate(LOOK)


def press_theme_button(page):
    for _ in range(3):
        page.locator(".theme-switch-button").first.dispatch_event("click")
        if theme(page) == "dark":
            break


def set_dark(page):
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
