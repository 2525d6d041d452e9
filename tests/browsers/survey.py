"""All that is wrong with a page, on a desk and on a phone."""

from pathlib import Path

from visit import WIDTH

PHONE = 390
PATIENCE = 20_000  # ms for a page to become whole once it is scrolled through
LOOK = f"(document) => ({WIDTH})()"
SURVEY = f"""(...given) => (
{Path(__file__).with_name("survey.js").read_text("utf-8")}
)({LOOK}, {{patience}}, ...given)"""


def faults(browser, site, path, patience=PATIENCE):
    """Open a page in a window, then on a phone, which is turned; say what is wrong."""
    site.missing.clear()
    survey = SURVEY.replace("{patience}", str(patience))
    browser.open(site.address + path)
    desk = browser.run(survey, None, None)
    browser.open(site.address + "phone.html")
    phone = browser.run(survey, site.address + path, PHONE)
    found = [f"desk, {fault}" for fault in desk]
    found += [f"phone, {fault}" for fault in phone]
    return found + [f"missing: {path}" for path in site.missing]
