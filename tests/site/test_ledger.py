"""The ledger of claims: with made-up verdicts in a browser, and in the book."""

import csv
import io
import re
import shutil
import sys
from pathlib import Path

import pytest
import stage
from bs4 import BeautifulSoup
from server import published
from tabs import lent

from normlab.evidence import ledger
from normlab.evidence.claims import CLAIMS
from normlab.evidence.words import MEANINGS, Word
from normlab.widgets.rerun.asked import ASKED
from tests.evidence.verdicts import DATA, VERDICTS

sys.path.insert(0, str(Path(__file__).parents[2] / "web"))
from booksite import experiments
from booksite import ledger as page

ROOT = Path(__file__).parents[2]
PAGE, FILE = f"{page.PAGE}.html", f"{page.PAGE}.csv"
RERUN = f"{page.OWN_RUNS}.html"
ADDRESS = "lenet.html#claim-b10-loss"
IN_DIRECTION, NOT_TRIED = "reproduced-in-direction", "not-tried"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """The address of a ledger of three claims."""
    site = tmp_path_factory.mktemp("ledger")
    shutil.copytree(ROOT / "web/theme/root/assets", site / "assets")
    shutil.copy(ROOT / "web/theme/static/book.css", site / "assets")
    rows = ledger.ledger(VERDICTS, DATA)
    html = page.render(rows, VERDICTS, lambda claim: (ADDRESS, "A question?"))
    html += '<script src="assets/ledger.js" defer></script>'
    text = stage.page("Ledger", "claims.html", html)
    text = text.replace(
        "<html ", '<html data-mode="light" '
    )  # as the first script does
    (site / "claims.html").write_text(text)
    (site / "404.html").write_text("")
    with published(site, "/") as address:
        yield f"{address}claims.html"


@pytest.fixture
def opened(browser, made_up):
    """Return a function that opens the ledger; nothing may be complained about."""
    with lent(browser) as tab:

        def go(end=""):
            tab.page.goto(made_up + end)
            return tab.page

        yield go
        assert tab.complaints == []


def shown(tab):
    """The names of the claims in view, and what the page says of their number."""
    names = tab.locator(".bn-ledger tbody:visible th").all_inner_texts()
    return names, tab.locator(".bn-ledger output").inner_text()


def test_all_claims_are_shown_at_first(opened):
    tab = opened()
    assert shown(tab) == (["B2", "B10-loss", "gamma-sign"], "3 of 3 claims shown")


def test_filters_by_verdict_and_by_source(opened):
    tab = opened()
    tab.get_by_label("Verdict").select_option(IN_DIRECTION)
    assert shown(tab) == (["B10-loss"], "1 of 3 claims shown")
    tab.get_by_label("Source").select_option("this-book")
    assert shown(tab) == ([], "no claim with both")
    tab.get_by_role("button", name="Show all").click()
    assert len(shown(tab)[0]) == 3
    assert tab.get_by_label("Source").input_value() == ""


def test_this_book_can_be_left_out(opened):
    tab = opened("?source=others")
    assert shown(tab)[0] == ["B2", "B10-loss"]
    choices = tab.get_by_label("Source").locator("option").all_inner_texts()
    assert choices[:3] == ["all", "all but this book (2)", "this book (1)"]


def test_filters_from_the_keyboard(opened):
    tab = opened()
    tab.get_by_label("Verdict").focus()
    tab.keyboard.type("not tried")
    tab.keyboard.press("Enter")
    assert shown(tab)[0] == ["B2"]
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Show all").focus()
    tab.keyboard.press("Enter")
    assert len(shown(tab)[0]) == 3


def test_the_address_keeps_what_is_shown(opened):
    tab = opened()
    tab.get_by_label("Verdict").select_option(NOT_TRIED)
    assert tab.url.endswith(f"claims.html?verdict={NOT_TRIED}")
    tab.reload()
    assert shown(tab)[0] == ["B2"]
    assert tab.get_by_label("Verdict").input_value() == NOT_TRIED
    tab.get_by_role("button", name="Show all").click()
    assert tab.url.endswith("claims.html")


def test_an_address_with_an_unknown_word_shows_all(opened):
    assert len(shown(opened("?verdict=proved&colour=red"))[0]) == 3


def test_a_link_to_a_claim_opens_it_whatever_is_filtered(opened):
    tab = opened(f"?verdict={NOT_TRIED}#claim-b10-loss")
    assert len(shown(tab)[0]) == 3
    row = tab.locator("#claim-b10-loss")
    assert row.locator("dl").get_by_text("in another mode").is_visible()
    assert tab.url.endswith("claims.html#claim-b10-loss")
    tab.get_by_label("Verdict").select_option(NOT_TRIED)
    assert "#" not in tab.url  # of a claim that is hidden now
    tab.evaluate("location.hash = '#claim-gamma-sign'")
    tab.locator("#claim-gamma-sign details[open]").wait_for()


def test_a_row_says_it_all(opened):
    row = opened("#claim-b10-loss").locator("#claim-b10-loss")
    text = row.inner_text()
    for part in (
        "The accuracy is 0.55.",
        "reproduced in direction",
        "Asked otherwise: in another mode: not reproduced.",
        "in another mode: not reproduced; in evaluation mode: nothing",
        "python -m normlab.runs run lenet --device cuda",
        "results/lenet.cuda.csv",
    ):
        assert part in text
    card = row.get_by_role("link", name="A question?").get_attribute("href")
    assert card == ADDRESS


def test_words_of_a_claim_are_no_html(opened):
    row = opened().locator("#claim-gamma-sign")
    assert "A & b differ <a little>." in row.inner_text()


def test_a_phone_shows_cards_that_fit(opened):
    tab = opened("#claim-b10-loss")
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    word = tab.locator("#claim-b10-loss .bn-word").bounding_box()
    assert word["x"] + word["width"] <= 390


def test_without_scripts_the_whole_table_is_there(browser, made_up):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(made_up)
    assert tab.locator(".bn-ledger tbody:visible").count() == 3
    context.close()


def test_paper_shows_what_is_folded(opened):
    tab = opened()
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    assert not tab.get_by_label("Verdict").is_visible()


# In the book


def lines_of(site):
    """The lines of the ledger as a file."""
    return list(csv.DictReader(io.StringIO((site / FILE).read_text("utf-8-sig"))))


def test_the_file_and_the_table_are_the_same(site, soups):
    table = lines_of(site)
    rows = soups[PAGE].select(".bn-ledger tbody")
    assert len(table) == len(rows) > 0
    for line, row in zip(table, rows, strict=True):
        text = " ".join(row.get_text().split())
        assert row["id"] == f"claim-{line['id'].lower()}"
        assert row.select_one(".bn-word").get_text() == line["verdict"]
        for part in ("claim", "source", "place", "firm", "rule", "command", "records"):
            assert " ".join(line[part].split()) in text


def test_every_claim_with_a_rule_is_tried_and_has_one_of_the_words(site):
    words = {line["id"]: line["verdict"] for line in lines_of(site)}
    assert words.keys() == CLAIMS.keys()
    assert set(words.values()) <= set(MEANINGS)
    untried = {name for name, claim in CLAIMS.items() if claim.rule is None}
    assert {name for name, word in words.items() if word == Word.NOT_TRIED} == untried


def test_the_counts_are_those_of_the_table(soups):
    words = [word.get_text() for word in soups[PAGE].select(".bn-ledger .bn-word")]
    for option in soups[PAGE].select("select[name=verdict] option[value]"):
        if option["value"]:
            word, count = re.fullmatch(r"(.*) \((\d+)\)", option.get_text()).groups()
            assert words.count(word) == int(count)
    landing = soups["book/index.html"].get_text()
    assert f"lists {len(words)} claims" in landing
    assert f"{len(words) - words.count('not tried')} are tried" in landing


def test_cards_and_rows_lead_to_each_other(soups):
    rows = {row["id"] for row in soups[PAGE].select(".bn-ledger tbody")}
    cards = {
        (path, card["id"])
        for path, soup in soups.items()
        for card in soup.select(".bn-card[id]")
    }
    assert {name for _, name in cards} <= rows
    linked = {
        (link["href"].split("#")[0].removeprefix("../"), link["href"].split("#")[1])
        for link in soups[PAGE].select(".bn-ledger-page a")
        if "#" in link["href"]  # else the page discusses it, and has no card
    }
    again = {(RERUN, f"widget-claims?claim=%22{asked.claim}%22") for asked in ASKED}
    assert linked == cards | again


def test_the_table_is_named_and_its_columns_too(soups):
    table = soups[PAGE].select_one(".bn-ledger table")
    assert table.caption.get_text(strip=True)
    assert len(table.select('thead th[scope="col"]')) == 4
    assert len(table.select('tbody th[scope="row"]')) == len(table.select("tbody"))


def test_only_the_ledger_loads_its_script(soups):
    users = [p for p, soup in soups.items() if soup.select('script[src*="/ledger."]')]
    assert users == [PAGE]


def test_the_words_and_their_meanings_stand_in_one_place(soups):
    text = " ".join(soups["book/how-to-read.html"].get_text(" ").split())
    for word, meaning in MEANINGS.items():
        assert f"{word} {meaning}" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "under a minute"), (90 * 60, "90 minutes"), (9000, "2.5 hours")],
)
def test_times_are_in_words(seconds, words):
    assert experiments.duration(seconds) == words


def test_every_experiment_is_listed_with_its_runs(soups):
    soup: BeautifulSoup = soups["book/reproduce.html"]
    (table,) = [t for t in soup.select("table") if "experiment" in t.get_text()]
    named = [row.find("code").get_text() for row in table.select("tbody tr")]
    assert named == list(experiments.EXPERIMENTS)
