"""A table of advice says what its claims' verdicts say."""

import pytest
from bs4 import BeautifulSoup

from normlab import evidence
from normlab.evidence.card import found
from normlab.evidence.claims import CLAIMS
from normlab.evidence.decisions import Decisions, Line
from normlab.evidence.judge import Verdict
from normlab.evidence.words import Word
from tests.evidence.verdicts import VERDICTS


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda v: v.claim.id)
def test_a_line_has_the_word_of_its_claim_and_leads_to_it(verdict):
    table = Decisions((Line("a < b", "this & that", verdict),))
    soup = BeautifulSoup(table._repr_html_(), "html.parser")
    assert soup.select_one('tbody th[scope="row"]').get_text() == "a < b"
    assert soup.select_one("tbody td").get_text() == "this & that"
    word = soup.select_one(".bn-word")
    assert (word.get_text(), word["data-word"]) == (verdict.word, verdict.word.slug)
    address = soup.a["href"]
    assert address == f"../book/claims.html#{verdict.claim.anchor}"
    assert soup.a.get_text() == verdict.claim.id
    said = f"If a < b, then try this & that: {verdict.word.upper()}"
    assert repr(table) == f"{said} ({verdict.claim.id})"


def test_another_verdict_is_another_word():
    words = {
        Decisions((Line("a", "b", Verdict(VERDICTS[0].claim, word, word)),))
        ._repr_html_()
        .count(f'data-word="{word.slug}"')
        for word in Word
    }
    assert words == {1}


def test_what_nothing_tries_is_said_to_be_not_tried_and_leads_nowhere():
    table = evidence.decisions(("a", "b", None))
    soup = BeautifulSoup(table._repr_html_(), "html.parser")
    assert soup.select_one(".bn-word")["data-word"] == "not-tried"
    assert soup.a is None
    assert repr(table) == "If a, then try b: NOT TRIED"


def test_lines_are_those_of_the_book_in_the_order_given():
    table = evidence.decisions(
        ("a", "b", "axes-company"), ("c", "d", None), ("e", "f", "wu2018-ends")
    )
    words = [line.word for line in table.lines]
    assert words[0] is found(CLAIMS["axes-company"]).word
    assert words[2] is found(CLAIMS["wu2018-ends"]).word
    assert repr(table).count("\n") == 2


def test_an_unknown_claim_is_named():
    with pytest.raises(KeyError, match="no claim 'E99'"):
        evidence.decisions(("a", "b", "E99"))
