"""A rehearsal is short, lies apart, and reaches no page."""

import pytest
from sphinx.errors import ExtensionError

from normlab.runs import EXPERIMENTS, store
from normlab.runs.execute import quick, updates
from web.booksite import refuse_rehearsals


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_rehearsal_has_one_seed_and_a_tenth_of_the_updates(name):
    experiment = EXPERIMENTS[name]
    short = quick(experiment)
    assert len(short.runs()) == len(experiment.variants)
    for run, whole in zip(short.variants, experiment.variants, strict=True):
        assert updates(run) == max(1, updates(whole) // 10)
        assert run.key != whole.key
        assert run.epochs >= min(whole.epochs, 2)  # the last may differ from the rest


def test_the_book_refuses_rehearsals(results, monkeypatch):
    refuse_rehearsals(None, None)
    monkeypatch.setenv("NORMLAB_RESULTS", str(store.quick_folder()))
    with pytest.raises(ExtensionError, match="unset it"):
        refuse_rehearsals(None, None)
