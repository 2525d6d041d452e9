"""What several tests of experiments share."""

import pytest

from normlab.runs import early, rate_steps, regularizer
from normlab.runs.execute import data


@pytest.fixture
def few_images_scored(monkeypatch):
    """Scores are of 200 images; what is trained on stays."""

    def few(evaluate_on):
        training, (x, y) = data(evaluate_on)
        return training, (x[:200], y[:200])

    for module in (early, rate_steps, regularizer):
        monkeypatch.setattr(module, "data", few)
