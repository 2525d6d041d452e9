"""Hashes of rules: what changes them, and what a record says of them."""

import json
from dataclasses import replace
from functools import partial

import pytest

from normlab.evidence import __main__, registry
from normlab.evidence.claims import CLAIMS
from normlab.evidence.records import arm
from normlab.evidence.rules import Effect, Holds, Number
from normlab.evidence.words import Word
from normlab.runs import EXPERIMENTS, Experiment, Run, store

CLAIM = CLAIMS["B1-loss"]


def check(records, limit):
    return Word.REPRODUCED, (("limit", str(limit)),)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CLAIM, rule=replace(CLAIM.rule, number=0.26)),
        replace(CLAIM, rule=replace(CLAIM.rule, ours=CLAIM.rule.ours.but(lr=0.5))),
        replace(CLAIM, variants={"at another rate": CLAIM.rule}),
        replace(CLAIM, rule=Holds("", partial(check, limit=1))),
        replace(CLAIM, rule=Holds("", partial(check, limit=2))),
        replace(CLAIM, experiment="lenet-rates"),
    ],
)
def test_another_rule_has_another_hash(changed):
    assert registry.rule_hash(changed) != registry.rule_hash(CLAIM)


def test_other_words_about_the_claim_leave_the_hash_alone():
    reworded = replace(CLAIM, says="Said otherwise.", ours="LeNet")
    assert registry.rule_hash(reworded) == registry.rule_hash(CLAIM)


def test_the_code_of_a_rule_counts(tmp_path, monkeypatch):
    # A copy of the package in which p is held against another level.
    changed = tmp_path / "normlab"
    for name in ("rules.py", "intervals.py", "records.py", "words.py"):
        file = changed / "evidence" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = (registry.PACKAGE / "evidence" / name).read_text()
        file.write_text(text.replace("level=0.90", "level=0.80"))
    for room in ("runs", "layers"):
        (changed / room).mkdir()
        (changed / room / "__init__.py").write_text("")
    (changed / "__init__.py").write_text("")
    sides = arm("x", "loss"), arm("y", "loss")
    effect = replace(CLAIM, rule=Effect(*sides, 0.1, "x less y"))
    number = replace(CLAIM, rule=Number(sides[0], 0.1, "x"))
    before = registry.rule_hash(effect), registry.rule_hash(number)
    monkeypatch.setattr(registry, "_code", lambda: registry.Code(changed))
    assert registry.rule_hash(effect) != before[0]
    assert registry.rule_hash(number) == before[1]  # it does not use that line


def recorded(hashes):
    return {n: {"provenance": {"rules": h}} for n, h in enumerate(hashes)}


@pytest.mark.parametrize(
    ("hashes", "said"),
    [
        (lambda own: [{CLAIM.id: own}] * 2, registry.BEFORE),
        (lambda own: [{CLAIM.id: own}, {}], registry.AFTER),
        (lambda own: [{CLAIM.id: "other"}], registry.AFTER),
        (lambda own: [], registry.AFTER),
    ],
)
def test_a_rule_is_older_than_the_runs_only_if_all_of_them_say_so(
    hashes, said, monkeypatch
):
    own = registry.rule_hash(CLAIM)
    monkeypatch.setattr(registry, "records", lambda _: recorded(hashes(own)))
    assert registry.written(CLAIM) == said


@pytest.mark.parametrize(
    ("kept", "order"),
    [(lambda own: own, "before"), (lambda own: "other", "after"), (None, "after")],
)
def test_a_timing_says_which_rules_it_knew(kept, order, results):
    claim = CLAIMS["D6"]
    if kept is not None:
        rules = registry.benchmark_rules([claim, CLAIM], "cpu")
        assert rules == {"rule_D6": registry.rule_hash(claim)}
        (results / "benchmarks").mkdir()
        text = json.dumps({name: kept(own) for name, own in rules.items()})
        (results / "benchmarks" / "latest.json").write_text(text)
    assert registry.written(claim) == registry.TIMED.format("make benchmark", order)


def test_the_committed_hashes_are_those_of_the_rules():
    committed = json.loads((store.folder() / store.RULES).read_text())
    assert committed == registry.rule_hashes(CLAIMS.values()), (
        "a rule changed; run `python -m normlab.evidence` and commit results/rules.json"
    )


def test_rules_are_written_before_there_are_runs(results, monkeypatch, capsys):
    claim = replace(CLAIM, id="new", experiment="to come")
    run = Run("lenet", "none", 0.5, 256, epochs=1, seed=0)
    coming = Experiment("to come", "Does it end?", (run,), seeds=2)
    monkeypatch.setitem(EXPERIMENTS, "to come", coming)
    monkeypatch.setattr(__main__, "CLAIMS", {"new": claim})
    __main__.main()
    kept = json.loads((results / store.RULES).read_text())
    assert kept == {"to come": {"new": registry.rule_hash(claim)}}
    assert "0 of the 2 runs" in capsys.readouterr().out
