"""Each self-check accepts a right answer and rejects wrong ones, never raising."""

import pytest
import torch
from scipy import stats
from torch import nn

from normlab import checks
from normlab.layers import BatchNorm


def good_standardize(x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-10).sqrt()


def good_batch_norm(x, gamma, beta, eps):
    return nn.functional.batch_norm(x, None, None, gamma, beta, True, eps=eps)


def good_convert(model):
    for name, layer in model.named_children():
        if isinstance(layer, BatchNorm):
            kind = nn.BatchNorm2d if layer.num_features <= 16 else nn.BatchNorm1d
            new = kind(layer.num_features)
            new.load_state_dict(layer.state_dict())
            setattr(model, name, new)
    return model


def fresh_convert(model):
    """Forget the trained state: right types, wrong answers."""
    for name, layer in model.named_children():
        if isinstance(layer, BatchNorm):
            kind = nn.BatchNorm2d if layer.num_features <= 16 else nn.BatchNorm1d
            setattr(model, name, kind(layer.num_features))
    return model


def good_interval(d):
    mean, error = d.mean().item(), d.std().item() / len(d) ** 0.5
    return stats.t.interval(0.95, len(d) - 1, mean, error)


def normal_interval(d):
    mean, error = d.mean().item(), d.std().item() / len(d) ** 0.5
    return mean - 1.96 * error, mean + 1.96 * error


RIGHT = {
    checks.standardize: good_standardize,
    checks.largest_stable_rate: lambda h: 2 / torch.linalg.eigvalsh(h)[-1],
    checks.batch_norm: good_batch_norm,
    checks.cumulative_average: lambda old, new, count: old + (new - old) / count,
    checks.torch_momentum: lambda kept: 1 - kept,
    checks.parameter_count: lambda i, o, k: i * o * k * k + 2 * o,
    checks.convert: good_convert,
    checks.interval: good_interval,
}
WRONG = [
    (checks.standardize, lambda x: x),
    (checks.standardize, lambda x: (x - x.mean(0)) / x.std(0, correction=0)),
    (checks.standardize, lambda x: x / x.std(0)),
    (checks.largest_stable_rate, lambda h: 1 / torch.linalg.eigvalsh(h)[-1]),
    (checks.largest_stable_rate, lambda h: 2 / torch.linalg.eigvalsh(h)[0]),
    (checks.batch_norm, lambda x, g, b, eps: good_batch_norm(x, g, b, 1e-5)),
    (checks.batch_norm, lambda x, g, b, eps: nn.functional.layer_norm(x, x.shape[1:])),
    (checks.cumulative_average, lambda old, new, count: 0.9 * old + 0.1 * new),
    (checks.torch_momentum, lambda kept: kept),
    (checks.parameter_count, lambda i, o, k: i * o * k * k + 3 * o),
    (checks.convert, lambda model: model),
    (checks.convert, fresh_convert),
    (checks.interval, normal_interval),
]


def test_every_check_is_tried():
    own = {getattr(checks, name) for name in checks.__all__}
    assert own - {checks.Verdict} == RIGHT.keys() == {check for check, _ in WRONG}


@pytest.mark.parametrize("check", RIGHT, ids=lambda c: c.__name__)
def test_right_answer_passes(check):
    verdict = check(RIGHT[check])
    assert verdict, repr(verdict)
    assert "All of it holds." in repr(verdict)


@pytest.mark.parametrize(("check", "answer"), WRONG)
def test_wrong_answer_is_told_so(check, answer):
    verdict = check(answer)
    assert not verdict
    assert "Not yet" in repr(verdict)


@pytest.mark.parametrize("check", RIGHT, ids=lambda c: c.__name__)
def test_an_answer_that_raises_is_wrong_and_its_error_shown(check):
    def broken(*arguments):
        raise KeyError("the reader's own mistake")

    verdict = check(broken)
    assert not verdict and not verdict.passed
    assert "KeyError" in repr(verdict)
