"""All claims of the book: whole, filed once, and judged by the data alone."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from normlab import runs
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.records import RECORDS, Records
from normlab.evidence.rules import LEVEL
from normlab.evidence.sources import SOURCES
from normlab.evidence.words import Word

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "notebooks").glob("*.md"))
TYPED = re.compile(r"\b(?:not |partly )?(?:reproduced|undecided)\b", re.IGNORECASE)


def tried(claim):
    complete = not claim.experiment or len(set(RECORDS.progress(claim.experiment))) == 1
    return claim.rule is not None and complete


# By what is recorded: verdicts would take half a minute wherever tests are listed.
RECORDED = [c for c in CLAIMS.values() if c.experiment and tried(c)]


def constant(values):
    return np.full_like(values, np.mean(values))


def mirrored(values):
    return np.max(values) + np.min(values) - values


def shuffled(values):
    return np.random.default_rng(0).permutation(values)


def noisy(values):
    return values * np.random.default_rng(0).uniform(0.1, 3, len(values))


def counted(values):
    """The same in every training, and another number for a larger recording."""
    return np.full_like(values, len(values))


def negated(values):
    return -values


def bent(values):  # ratios of what is recorded become others
    return np.sign(values) * np.abs(values) ** 1.5


def exchanged(values):
    """Nothing; ``perturbed`` exchanges the runs with a normalizer and without."""
    return values


@cache
def perturbed(change):
    """What is recorded, with all numbers of a measure changed in one way."""

    def load(experiment, device):
        table = runs.load(experiment, device).copy()
        if change is exchanged and "norm" in table:
            pair = {"none": "torch_batch", "torch_batch": "none"}
            table["norm"] = table["norm"].replace(pair)
        of_measure = table.groupby("measure")["value"]
        table["value"] = of_measure.transform(lambda v: change(v.to_numpy()))
        return table

    def recordings(experiment, device):
        return [
            (run, {name: altered(a, change) for name, a in arrays.items()})
            for run, arrays in runs.recordings(experiment, device)
        ]

    return Records(load, recordings)


def altered(array, change):
    if not np.issubdtype(array.dtype, np.floating):
        return array
    flat = change(array.astype(np.float64).ravel())
    return flat.reshape(array.shape).astype(array.dtype)


@cache
def word(name, change=None):
    records = RECORDS if change is None else perturbed(change)
    return CLAIMS[name].rule.on(records).decide(LEVEL)


@pytest.mark.parametrize("claim", RECORDED, ids=lambda c: c.id)
def test_other_records_would_get_another_word(claim):
    own = word(claim.id)
    changes = (mirrored, constant, shuffled, noisy, counted, negated)
    changes += (bent, exchanged)
    assert any(word(claim.id, change) != own for change in changes), (
        f"{claim.id} is {own} whatever is recorded"
    )


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_every_claim_is_filed_where_it_can_be_found(claim):
    assert claim.source in SOURCES
    assert claim.experiment in {"", *runs.EXPERIMENTS}
    assert claim.says.endswith(".")
    if claim.rule is not None:
        page = ROOT / "notebooks" / f"{claim.chapter}.md"
        assert re.search(rf'evidence\.card\([^)]*"{claim.id}"', page.read_text()), (
            f"{page.name} shows no card of {claim.id}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_no_verdict_is_typed(page):
    prose = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(), flags=re.S | re.M)
    assert TYPED.findall(prose) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_card_is_of_a_claim_of_that_page(page):
    shown = re.findall(r"evidence\.card\(([^)]*)\)", page.read_text())
    ids = [name for call in shown for name in re.findall(r'"([^"]+)"', call)]
    assert len(ids) == len(set(ids))
    assert [n for n in ids if n not in CLAIMS or CLAIMS[n].chapter != page.stem] == []


def test_typed_verdicts_are_found():
    assert TYPED.findall("So it is **not reproduced** here.") == ["not reproduced"]
    assert not TYPED.findall("The card says the word.")


def test_what_is_not_tried_says_why():
    """The words of the others, which take minutes to find, stand in the ledger."""
    decided = judge(claim for claim in CLAIMS.values() if claim.rule is None)
    assert decided
    for verdict in decided.values():
        assert verdict.word is Word.NOT_TRIED
        assert verdict.reason
