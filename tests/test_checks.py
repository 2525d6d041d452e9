"""Each self-check accepts a right answer and rejects wrong ones, never raising.

And it leaves the reader's session as it was: generators, modes, types, warnings.
"""

import math
import random
import warnings
from contextlib import contextmanager, nullcontext
from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from normlab import checks
from normlab.evaluation import tracking_layers
from normlab.layers import BatchNorm
from normlab.residual import Block


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


@torch.no_grad()
def load_and_keep_gamma(layer, means, variances, weight):
    layer.running_mean.copy_(means / weight)
    layer.running_var.copy_(variances / weight)
    return layer


def good_load(layer, means, variances, weight):
    layer.reset_parameters()
    return load_and_keep_gamma(layer, means, variances, weight)


def good_interval(d):
    mean, error = d.mean().item(), d.std().item() / len(d) ** 0.5
    return stats.t.interval(0.95, len(d) - 1, mean, error)


def normal_interval(d):
    mean, error = d.mean().item(), d.std().item() / len(d) ** 0.5
    return mean - 1.96 * error, mean + 1.96 * error


def good_gradient(g, x, gamma, eps):
    rstd = (x.var(0, correction=0) + eps).rsqrt()
    x_hat = (x - x.mean(0)) * rstd
    return gamma * rstd * (g - g.mean(0) - x_hat * (g * x_hat).mean(0))


def detached_gradient(g, x, gamma, eps):
    return gamma * (x.var(0, correction=0) + eps).rsqrt() * g


def meanless_gradient(g, x, gamma, eps):
    return detached_gradient(g - g.mean(0), x, gamma, eps)


def good_projection(x):
    away = x - x.mean()
    eye = torch.eye(len(x), dtype=x.dtype)
    return eye - 1 / len(x) - torch.outer(away, away) / (away @ away)


def good_mirror(gamma, beta, weight, bias, channel):
    gamma[channel], beta[channel] = -gamma[channel], -beta[channel]
    bias = bias + weight[:, channel].sum((1, 2))
    weight[:, channel] = -weight[:, channel]
    return gamma, beta, weight, bias


def biasless_mirror(gamma, beta, weight, bias, channel):
    return *good_mirror(gamma, beta, weight, bias, channel)[:3], bias


def sign_of_gamma_alone(gamma, beta, weight, bias, channel):
    gamma[channel] = -gamma[channel]
    return gamma, beta, weight, bias


def good_drop(beta, weight, bias, channel):
    left = [c for c in range(len(beta)) if c != channel]
    return weight[:, left], bias + weight[:, channel] * beta[channel].sigmoid()


def drop_before_the_sigmoid(beta, weight, bias, channel):
    return good_drop(beta, weight, bias, channel)[0], (
        bias + weight[:, channel] * beta[channel]
    )


def forget_the_constant(beta, weight, bias, channel):
    return good_drop(beta, weight, bias, channel)[0], bias


def good_groups(model):
    spared = [
        p
        for layer in model.modules()
        if isinstance(layer, BatchNorm | nn.BatchNorm1d)
        for p in layer.parameters()
    ]
    return [p for p in model.parameters() if all(p is not s for s in spared)], spared


def groups_by_axes(model):
    """Spare every parameter of one axis: the biases too."""
    parameters = list(model.parameters())
    return [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim == 1]


def groups_with_a_loss(model):
    return [p for p in model.parameters() if p.ndim > 1], good_groups(model)[1]


@torch.no_grad()
def in_training(model, batches):
    """Send the batches through in training mode; each module keeps its own mode."""
    modes = {module: module.training for module in model.modules()}
    model.train()
    for batch in batches:
        model(batch)
    for module, mode in modes.items():
        module.training = mode


def good_recompute(model, batches):
    layers = list(tracking_layers(model).values())
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    in_training(model, batches)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def good_group_norm(x, groups, eps):
    rows = x.reshape(len(x), groups, -1)
    var, mean = torch.var_mean(rows, 2, correction=0, keepdim=True)
    return ((rows - mean) * (var + eps).rsqrt()).view(x.shape)


def interleaved_group_norm(x, groups, eps):
    """Every so many channels make a group, not neighbours."""
    order = torch.arange(x.shape[1]).view(-1, groups).T.flatten()
    return good_group_norm(x[:, order], groups, eps)[:, order.argsort()]


def good_count(name, n, c, places, groups):
    group = c * places // groups
    values = {"batch": n * places, "layer": c * places, "group": group}
    return values.get(name, places)


def counts_of_pairs(name, n, c, places, groups):
    return n * c * places // good_count(name, n, c, places, groups)


def good_mixes(layer, x, others=slice(1, None)):
    changed = x.clone()
    changed[others] += torch.randn(changed[others].shape)
    return not torch.equal(layer(x)[0], layer(changed)[0])


def is_batch_norm(layer, x):
    return isinstance(layer, nn.BatchNorm2d | BatchNorm)


def recompute_without_reset(model, batches):
    layers = list(tracking_layers(model).values())
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = None
    in_training(model, batches)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def recompute_and_train_all(model, batches):
    """Right averages, but every module gets the mode of the whole model."""
    good_recompute(model, batches)
    model.train(model.training)


def recompute_and_leave(model, batches):
    """Right averages, but the layers stay at momentum=None."""
    for layer in tracking_layers(model).values():
        layer.reset_running_stats()
        layer.momentum = None
    in_training(model, batches)


def good_moving(model):
    tracking = tracking_layers(model).items()
    return [name for name, layer in tracking if layer.training]


def with_gradient(model):
    """Name the layers that learn: not those whose statistics move."""
    return [n for n, a in tracking_layers(model).items() if a.weight.requires_grad]


def stop_and_name_none(model):
    """Stop the layers instead of naming them."""
    model.eval()
    return []


def always_zero(rows):
    return (rows == 0).all(1)


def watch_relus(model, is_dead):
    counts = []

    def see(layer, arguments, output):
        counts.append(int(is_dead(output.transpose(0, 1).flatten(1)).sum()))

    relus = [layer for layer in model.modules() if isinstance(layer, nn.ReLU)]
    return counts, [relu.register_forward_hook(see) for relu in relus]


@contextmanager
def good_dead(model, is_dead=always_zero):
    counts, handles = watch_relus(model, is_dead)
    try:
        yield counts
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def forgotten_dead(model):
    yield watch_relus(model, always_zero)[0]


@contextmanager
def careless_dead(model):
    """Forget the hooks when the block fails."""
    counts, handles = watch_relus(model, always_zero)
    yield counts
    for handle in handles:
        handle.remove()


def ratio_of_weights(before, after):
    pairs = zip(before, after, strict=True)
    return [(q - p).norm() / p.norm() for p, q in pairs if p.ndim > 1]


def ratio_of_all(before, after):
    return [(q - p).norm() / p.norm() for p, q in zip(before, after, strict=True)]


def ratio_of_norms(before, after):
    """The change of the norm instead of the norm of the change."""
    pairs = zip(before, after, strict=True)
    return [(q.norm() - p.norm()).abs() / p.norm() for p, q in pairs if p.ndim > 1]


def good_largest_rate(rates, found, level):
    at = max(i for i, accuracy in enumerate(found) if accuracy >= level)
    if at == len(rates) - 1:
        return rates[at]
    share = (found[at] - level) / (found[at] - found[at + 1])
    return rates[at] * (rates[at + 1] / rates[at]) ** share


def first_falling_rate(rates, found, level):
    at = next((i for i, a in enumerate(found[1:]) if a < level <= found[i]), None)
    end = len(rates) if at is None else at + 2
    return good_largest_rate(rates[:end], found[:end], level)


def largest_rate_on_a_line(rates, found, level):
    """Interpolated in the rate, not in its logarithm."""
    at = max(i for i, accuracy in enumerate(found) if accuracy >= level)
    if at == len(rates) - 1:
        return rates[at]
    share = (found[at] - level) / (found[at] - found[at + 1])
    return rates[at] + share * (rates[at + 1] - rates[at])


def good_parts(x, size):
    parts = x.view(-1, size, x.shape[1])
    var, mean = torch.var_mean(parts, 1, correction=0, keepdim=True)
    return ((parts - mean) / (var + 1e-5).sqrt()).view_as(x)


def strided_parts(x, size):
    """Parts of every so many examples, instead of neighbours."""
    parts = x.view(size, -1, x.shape[1])
    var, mean = torch.var_mean(parts, 0, correction=0, keepdim=True)
    return ((parts - mean) / (var + 1e-5).sqrt()).view_as(x)


def good_rate_that_jumps(n, rate, factor, at):
    return rate * factor ** sum(place <= n for place in at)


def good_first_of_three(steps, accuracy, level):
    for k in range(len(steps) - 2):
        if min(accuracy[k : k + 3]) >= level:
            return steps[k]
    return steps[-1]


def first_of_one(steps, accuracy, level):
    return next((s for s, a in zip(steps, accuracy, strict=True) if a >= level), 0)


def first_of_two(steps, accuracy, level):
    pairs = zip(steps, accuracy, accuracy[1:], strict=False)
    return next((s for s, a, b in pairs if min(a, b) >= level), steps[-1])


def last_of_three(steps, accuracy, level):
    first = good_first_of_three(steps, accuracy, level)
    return steps[min(steps.index(first) + 2, len(steps) - 1)]


@torch.no_grad()
def good_renorm_corrections(mean, std, running_mean, running_std, r_max, d_max):
    r, d = std / running_std, (mean - running_mean) / running_std
    return r.clamp(1 / r_max, r_max), d.clamp(-d_max, d_max)


def corrections_upside_down(mean, std, running_mean, running_std, r_max, d_max):
    """r the other way round, d in the batch's own deviations."""
    r, d = running_std / std, (mean - running_mean) / std
    return r.clamp(1 / r_max, r_max), d.clamp(-d_max, d_max)


def corrections_without_limits(mean, std, running_mean, running_std, r_max, d_max):
    return std / running_std, (mean - running_mean) / running_std


def corrections_limited_above(mean, std, running_mean, running_std, r_max, d_max):
    r, d = std / running_std, (mean - running_mean) / running_std
    return r.clamp(max=r_max), d.clamp(max=d_max)


def good_threshold(x, tau):
    return torch.maximum(x, tau[:, None, None])


def error_of_pixels(maps, batch_size):
    """As if all pixels were independent."""
    return maps.std() / (batch_size * maps[0].numel()) ** 0.5


def good_noise_scale(small, square_small, large, square_large):
    noise = (square_small - square_large) / (1 / small - 1 / large)
    return noise / (square_small - noise / small)


def good_steps_to_forget(momentum, variance):
    return max(0, math.ceil(math.log(variance) / math.log(1 - momentum)))


def good_layers_apart(factor, ratio):
    return max(1, math.ceil(math.log(ratio) / abs(math.log(factor))))


def good_whitened(g_weight, g_bias, mean, cov):
    turned = (g_weight - g_bias[:, None] * mean) @ torch.linalg.inv(cov)
    return turned, g_bias - turned @ mean


def whitened_weight_alone(g_weight, g_bias, mean, cov):
    return good_whitened(g_weight, g_bias, mean, cov)[0], g_bias


def turned_by_variances(g_weight, g_bias, mean, cov):
    return good_whitened(g_weight, g_bias, mean, torch.diag(cov.diag()))


def good_clip(gradient, weight, limit):
    if weight.dim() == 1:
        return good_clip(gradient[None], weight[None], limit)[0]
    g, w = (x.flatten(1).norm(dim=1) for x in (gradient, weight))
    factor = (limit * w.clamp(min=1e-3) / g).clamp(max=1)
    return gradient * factor.view(-1, *[1] * (weight.dim() - 1))


def clip_all_together(gradient, weight, limit):
    """As usual clipping does: the whole tensor as one unit."""
    factor = limit * weight.norm().clamp(min=1e-3) / gradient.norm()
    return gradient * factor.clamp(max=1)


def clip_by_value(gradient, weight, limit):
    longest = limit * weight.abs().clamp(min=1e-3)
    return gradient.clamp(-longest, longest)


def clip_numbers_of_a_bias(gradient, weight, limit):
    if weight.dim() == 1:
        return good_clip(gradient[:, None], weight[:, None], limit)[:, 0]
    return good_clip(gradient, weight, limit)


def stretch_too(gradient, weight, limit):
    """Not only shorten: make every unit's gradient as long as is allowed."""
    if weight.dim() == 1:
        return stretch_too(gradient[None], weight[None], limit)[0]
    g, w = (x.flatten(1).norm(dim=1) for x in (gradient, weight))
    factor = limit * w.clamp(min=1e-3) / g
    return gradient * factor.view(-1, *[1] * (weight.dim() - 1))


def good_gamma(activation):
    return 1 / activation(torch.randn(1_000_000)).std().item()


def gamma_of_squares(activation):
    return 1 / activation(torch.randn(1_000_000)).square().mean().sqrt().item()


def good_close(model):
    for module in model.modules():
        if isinstance(module, Block):
            nn.init.zeros_(module.branch[-1].weight)
    return model


def closed_for_good(model):
    """Closes the branches, and their convolutions with them: nothing can learn."""
    for module in model.modules():
        if isinstance(module, Block):
            for p in module.branch.parameters():
                nn.init.zeros_(p)
    return model


def good_nesterov(w, draw, rate, decay, momentum, updates, nesterov=True):
    buffer, angles = 0 * w, []
    for _ in range(updates):
        push = draw(w) + decay * w
        buffer = momentum * buffer + push
        before, w = w, w - rate * (momentum * buffer + push if nesterov else buffer)
        lengths = np.linalg.norm(before) * np.linalg.norm(w)
        angles.append(np.arccos(min(1.0, before @ w / lengths)))
    return np.mean(angles[updates // 2 :])


def good_equal_loss(training, others, level):
    logs = [np.log(values[::-1]) for values in (training, others)]
    return np.exp(np.interp(np.log(level), *logs))


def good_behind(model):
    layers = list(model)
    for i in range(len(layers) - 1):
        norm, act = layers[i : i + 2]
        if isinstance(norm, nn.BatchNorm2d) and isinstance(act, nn.ReLU | nn.Tanh):
            layers[i : i + 2] = act, norm
    return nn.Sequential(*layers)


def behind_what_follows(model):
    """Moves every normalizer one place on."""
    layers = list(model)
    for i in reversed(range(len(layers) - 1)):
        if isinstance(layers[i], nn.BatchNorm2d):
            layers[i : i + 2] = layers[i + 1], layers[i]
    return nn.Sequential(*layers)


RIGHT = {
    checks.rate_that_jumps: good_rate_that_jumps,
    checks.first_of_three: good_first_of_three,
    checks.renorm_corrections: good_renorm_corrections,
    checks.threshold_from_relu: good_threshold,
    checks.standardize: good_standardize,
    checks.largest_stable_rate: lambda h: 2 / torch.linalg.eigvalsh(h)[-1],
    checks.batch_norm: good_batch_norm,
    checks.cumulative_average: lambda old, new, count: old + (new - old) / count,
    checks.torch_momentum: lambda kept: 1 - kept,
    checks.parameter_count: lambda i, o, k: i * o * k * k + 2 * o,
    checks.convert: good_convert,
    checks.interval: good_interval,
    checks.recompute: good_recompute,
    checks.scatter_factor: lambda momentum: (momentum / (2 - momentum)) ** 0.5,
    checks.moving_layers: good_moving,
    checks.batch_norm_gradient: good_gradient,
    checks.projection_matrix: good_projection,
    checks.share_of_two: lambda d, eps: eps / (d * d / 4 + eps),
    checks.mirror_channel: good_mirror,
    checks.drop_constant: good_drop,
    checks.decay_groups: good_groups,
    checks.dead_units: good_dead,
    checks.update_ratio: ratio_of_weights,
    checks.flat_edge: lambda share: 2 * math.acosh(share**-0.5),
    checks.fading: lambda scale, layers: (scale / 2**0.5) ** layers,
    checks.steps_to_forget: good_steps_to_forget,
    checks.ghost_batch_norm: good_parts,
    checks.batch_mean_error: lambda maps, b: maps.mean((1, 2)).std() / b**0.5,
    checks.noise_scale: good_noise_scale,
    checks.layers_apart: good_layers_apart,
    checks.leaky_deviation: lambda n, slope: (2 / (1 + slope**2) / n) ** 0.5,
    checks.roughness: lambda h, w, rate: rate * (h @ h @ w).norm() / (h @ w).norm(),
    checks.length_after: lambda n, gs, rate: math.hypot(n, *(rate * g for g in gs)),
    checks.decay_for: lambda d, rate, m: math.radians(d) ** 2 * (1 + m) / 2 / rate,
    checks.nesterov_angle: good_nesterov,
    checks.at_equal_loss: good_equal_loss,
    checks.moved_behind: good_behind,
    checks.size_after: lambda n, s, layer: 1 + n * s**2 if layer else (1 + s**2) ** n,
    checks.scale_for: lambda blocks, times: (times ** (1 / blocks) - 1) ** 0.5,
    checks.closed: good_close,
    checks.group_norm: good_group_norm,
    checks.shared_count: good_count,
    checks.mixes_images: good_mixes,
    checks.without_start: lambda memory, updates: memory / (1 - 0.999**updates),
    checks.load_blobs: good_load,
    checks.rate_and_decay: lambda rate, decay, k: (rate * k**2, decay / k**2),
    checks.largest_rate: good_largest_rate,
    checks.whitened_gradient: good_whitened,
    checks.dot_of_signs: lambda a, b: len(a) - 2 * (a ^ b).sum(),
    checks.prior_weight: lambda prior, observed: observed / (prior + observed),
    checks.clipped: good_clip,
    checks.gamma_of: good_gamma,
    checks.noise_left: lambda a, b, n, m: a / n + b / (n * m),
}
WRONG = [
    (checks.clipped, lambda gradient, weight, limit: gradient),
    (checks.clipped, clip_all_together),
    (checks.clipped, clip_by_value),
    (checks.clipped, clip_numbers_of_a_bias),
    (checks.clipped, stretch_too),
    (checks.clipped, lambda g, w, limit: good_clip(g, w + 1e-2, limit)),
    (checks.gamma_of, lambda activation: 2**0.5),
    (checks.gamma_of, gamma_of_squares),
    (checks.gamma_of, lambda activation: good_gamma(activation) ** 2),
    (checks.noise_left, lambda a, b, n, m: (a + b) / (n * m)),
    (checks.noise_left, lambda a, b, n, m: (a + b) / n),
    (checks.noise_left, lambda a, b, n, m: a + b / (n * m)),
    (checks.without_start, lambda memory, updates: memory),
    (checks.without_start, lambda memory, updates: memory / 0.001),
    (checks.without_start, lambda m, n: m / (1 - 0.999 ** (n + 1))),
    (checks.load_blobs, lambda layer, *blobs: layer),
    (checks.load_blobs, lambda layer, m, v, weight: good_load(layer, m, v, 1.0)),
    (checks.load_blobs, load_and_keep_gamma),
    (checks.group_norm, interleaved_group_norm),
    (checks.group_norm, lambda x, groups, eps: good_group_norm(x, groups, 1e-5)),
    (checks.group_norm, lambda x, groups, eps: nn.functional.instance_norm(x)),
    (checks.shared_count, counts_of_pairs),
    (checks.shared_count, lambda name, n, c, places, groups: n * places),
    (checks.mixes_images, is_batch_norm),
    (checks.mixes_images, lambda layer, x: is_batch_norm(layer, x) and layer.training),
    (checks.mixes_images, partial(good_mixes, others=-1)),
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
    (checks.recompute, lambda model, batches: [model(batch) for batch in batches]),
    (checks.recompute, recompute_without_reset),
    (checks.recompute, recompute_and_leave),
    (checks.recompute, recompute_and_train_all),
    (checks.recompute, lambda model, batches: batches.clear()),
    (checks.scatter_factor, lambda momentum: momentum),
    (checks.scatter_factor, lambda momentum: momentum**0.5),
    (checks.moving_layers, lambda model: list(tracking_layers(model))),
    (checks.moving_layers, lambda m: list(tracking_layers(m)) if m.training else []),
    (checks.moving_layers, with_gradient),
    (checks.moving_layers, stop_and_name_none),
    (checks.batch_norm_gradient, detached_gradient),
    (checks.batch_norm_gradient, meanless_gradient),
    (checks.batch_norm_gradient, lambda g, x, w, eps: good_gradient(g, x, w, 1e-5)),
    (checks.projection_matrix, lambda x: torch.eye(len(x)).double() - 1 / len(x)),
    (checks.projection_matrix, lambda x: 2 * good_projection(x)),
    (checks.share_of_two, lambda d, eps: eps / (d * d + eps)),
    (checks.share_of_two, lambda d, eps: 0.0),
    (checks.mirror_channel, biasless_mirror),
    (checks.mirror_channel, sign_of_gamma_alone),
    (checks.drop_constant, drop_before_the_sigmoid),
    (checks.drop_constant, forget_the_constant),
    (checks.decay_groups, groups_by_axes),
    (checks.decay_groups, groups_with_a_loss),
    (checks.decay_groups, lambda model: (list(model.parameters()), [])),
    (checks.dead_units, forgotten_dead),
    (checks.dead_units, careless_dead),
    (checks.dead_units, partial(good_dead, is_dead=lambda rows: (rows == 0).any(1))),
    (checks.update_ratio, ratio_of_all),
    (checks.update_ratio, ratio_of_norms),
    (checks.flat_edge, lambda share: math.acosh(share**-0.5)),
    (checks.flat_edge, lambda share: -math.log(share)),
    (checks.fading, lambda scale, layers: scale**layers),
    (checks.fading, lambda scale, layers: (scale / 2) ** layers),
    (checks.fading, lambda scale, layers: (scale / 2**0.5) ** (layers - 1)),
    (checks.steps_to_forget, lambda momentum, variance: round(1 / momentum)),
    (checks.steps_to_forget, lambda m, v: good_steps_to_forget(m, v) + 0.9),
    (checks.steps_to_forget, lambda m, v: round(math.log(v) / math.log(1 - m))),
    (checks.steps_to_forget, lambda m, v: math.ceil(math.log(v) / math.log(m))),
    (checks.ghost_batch_norm, strided_parts),
    (checks.ghost_batch_norm, lambda x, size: good_parts(x, len(x))),
    (checks.batch_mean_error, lambda maps, b: maps.std() / b**0.5),
    (checks.batch_mean_error, error_of_pixels),
    (checks.batch_mean_error, lambda maps, b: maps.mean((1, 2)).std()),
    (checks.rate_and_decay, lambda rate, decay, k: (rate * k**2, decay)),
    (checks.rate_and_decay, lambda rate, decay, k: (rate * k, decay / k)),
    (checks.rate_and_decay, lambda rate, decay, k: (rate, decay)),
    (checks.rate_and_decay, lambda rate, decay, k: rate * k**2),
    (checks.largest_rate, lambda rates, found, level: rates[-1]),
    (checks.largest_rate, first_falling_rate),
    (checks.largest_rate, largest_rate_on_a_line),
    (checks.rate_that_jumps, lambda n, rate, factor, at: rate * factor ** len(at)),
    (checks.rate_that_jumps, lambda n, r, f, at: r * f ** sum(a < n for a in at)),
    (checks.rate_that_jumps, lambda n, r, f, at: r * f ** sum(a <= n for a in {*at})),
    (checks.renorm_corrections, corrections_upside_down),
    (checks.renorm_corrections, corrections_without_limits),
    (checks.renorm_corrections, corrections_limited_above),
    (checks.renorm_corrections, lambda mean, *_: mean),
    (checks.renorm_corrections, good_renorm_corrections.__wrapped__),  # followed
    (checks.threshold_from_relu, lambda x, tau: x.relu()),
    (checks.threshold_from_relu, lambda x, tau: (x - tau[:, None, None]).relu()),
    (checks.threshold_from_relu, lambda x, tau: x.clamp(min=tau[0].item())),
    (checks.first_of_three, first_of_one),
    (checks.first_of_three, first_of_two),
    (checks.first_of_three, last_of_three),
    (checks.noise_scale, lambda s, f, b, g: (f - g) / (1 / s - 1 / b)),
    (checks.noise_scale, lambda s, f, b, g: (f - g) / (1 / s - 1 / b) / g),
    (checks.layers_apart, lambda factor, ratio: round(good_layers_apart(factor, 2))),
    (checks.layers_apart, lambda f, ratio: math.ceil(-math.log(ratio) / math.log(f))),
    (checks.layers_apart, lambda f, ratio: math.log(ratio) / abs(math.log(f))),
    (checks.leaky_deviation, lambda n, slope: (2 / n) ** 0.5),
    (checks.leaky_deviation, lambda n, slope: (2 / (1 + slope) / n) ** 0.5),
    (checks.leaky_deviation, lambda n, slope: n**-0.5),
    (checks.roughness, lambda h, w, rate: rate * (h @ w).norm() / w.norm()),
    (checks.roughness, lambda h, w, rate: (h @ h @ w).norm() / (h @ w).norm()),
    (checks.length_after, lambda n, gs, rate: n + sum(rate * g for g in gs)),
    (checks.length_after, lambda n, gs, rate: math.hypot(n, rate * sum(gs))),
    (checks.decay_for, lambda d, rate, m: math.radians(d) ** 2 * (1 - m) / 2 / rate),
    (checks.decay_for, lambda d, rate, m: math.radians(d) / (2 * rate)),
    (checks.nesterov_angle, partial(good_nesterov, nesterov=False)),
    (checks.nesterov_angle, lambda w, draw, r, d, m, n: (2 * r * d / (1 + m)) ** 0.5),
    (checks.at_equal_loss, lambda training, others, level: others[-1]),
    (checks.at_equal_loss, lambda t, o, level: np.interp(level, t[::-1], o[::-1])),
    (checks.moved_behind, lambda model: nn.Sequential(*reversed(model))),
    (checks.moved_behind, behind_what_follows),
    (checks.size_after, lambda n, s, layer: (1 + s**2) ** n),
    (checks.size_after, lambda n, s, layer: 1 + n * s**2),
    (checks.scale_for, lambda blocks, times: blocks**-0.5),
    (checks.scale_for, lambda blocks, times: (math.log(times) / blocks) ** 0.5),
    (checks.closed, lambda model: model),
    (checks.closed, closed_for_good),
    (checks.whitened_gradient, lambda g_weight, g_bias, mean, cov: (g_weight, g_bias)),
    (checks.whitened_gradient, whitened_weight_alone),
    (checks.whitened_gradient, turned_by_variances),
    (checks.dot_of_signs, lambda a, b: (a ^ b).sum()),
    (checks.dot_of_signs, lambda a, b: len(a) - (a ^ b).sum()),
    (checks.dot_of_signs, lambda a, b: 101 - 2 * (a ^ b).sum()),
    (checks.prior_weight, lambda prior, observed: prior / (prior + observed)),
    (checks.prior_weight, lambda prior, observed: float(prior <= observed)),
    (checks.prior_weight, lambda p, o: o**0.5 / (p**0.5 + o**0.5)),
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
    assert not verdict and not any(verdict.cases.values())
    assert "KeyError" in repr(verdict)


# Answers of a wrong kind

EVERY_CHECK = pytest.mark.parametrize("check", RIGHT, ids=lambda c: c.__name__)


class Poison:
    """Nothing can be done with it, not even writing it down."""

    def refuse(self, *arguments):
        raise RuntimeError("do not touch")

    __bool__ = __eq__ = __lt__ = __gt__ = __sub__ = __iter__ = __repr__ = refuse
    __hash__ = None


class SilentError(Exception):
    def __str__(self):
        raise ValueError("no words")


def throwing(error):
    def answer(*arguments):
        raise error

    return answer


def spoil(arguments):
    """Overwrite every tensor, of modules too, and empty every list."""
    for given in arguments:
        if isinstance(given, nn.Module):
            spoil(given.parameters())
        elif isinstance(given, torch.Tensor):
            with torch.no_grad():
                given.zero_()
        elif isinstance(given, list):
            spoil(given)
            given.clear()


def spoiling(*arguments):
    spoil(arguments)
    return arguments[0]


def disturbing(*arguments):
    """Turn whatever a function can turn, and give no answer."""
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    warnings.simplefilter("ignore")


KINDS = {
    "None": None,
    "text": "0.5",
    "bytes": b"0.5",
    "a list": [1.0, 2.0],
    "an empty list": [],
    "a dictionary": {0: 1.0},
    "an array": np.arange(1.0, 4.0),
    "an array of several axes": np.ones((2, 3)),
    "a tensor": torch.arange(1.0, 4.0),
    "an empty tensor": torch.empty(0),
    "NaN": math.nan,
    "infinity": math.inf,
    "a tensor of NaN": torch.full((3,), math.nan),
    "a complex number": 1j,
    "NotImplemented": NotImplemented,
    "a module": nn.Linear(3, 3),
    "a class": Poison,
    "an object": object(),
    "poison": Poison(),
}
HOSTILE = {f"gives {name}": lambda *a, kind=k: kind for name, k in KINDS.items()} | {
    "no function": None,
    "a number for a function": 0.5,
    "takes no argument": lambda: 0.0,
    "raises": throwing(ZeroDivisionError("division by zero")),
    "raises at length": throwing(ValueError("a long story\n" * 100_000)),
    "raises without words": throwing(SilentError()),
    "asserts": throwing(AssertionError()),
    "stops an iteration": throwing(StopIteration()),
    "leaves": throwing(SystemExit(1)),
    "recurses": lambda *a: HOSTILE["recurses"](*a),
    "spoils its arguments": spoiling,
    "disturbs the session": disturbing,
}


def session():
    """What a self-check must leave as it was."""
    numpys = np.random.get_state()
    return (
        torch.get_rng_state().tolist(),
        (numpys[0], numpys[1].tolist(), *numpys[2:]),
        random.getstate(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        list(warnings.filters),
    )


@EVERY_CHECK
@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_is_wrong_and_changes_nothing(check, answer):
    before = session()
    verdict = check(answer)
    assert not verdict
    assert session() == before
    said = repr(verdict).split("\n")
    assert len(said) == len(verdict.cases) + 1  # a line for each case, and the end
    assert max(map(len, said)) < 400


def changed(answer, change):
    """The answer's numbers, tensors and truths in another form."""
    if isinstance(answer, tuple | list):
        return type(answer)(changed(part, change) for part in answer)
    plain = isinstance(answer, bool | int | float | torch.Tensor | np.generic)
    return change(answer) if plain and not isinstance(answer, nn.Parameter) else answer


FORMS = {
    "doubled": lambda v: torch.stack([torch.as_tensor(v)] * 2),
    "as an array of two": lambda v: np.stack([np.asarray(v)] * 2),
    "as text": str,
    "in a list": lambda v: [v],
    "complex": lambda v: torch.as_tensor(v) + 0j,
}
# Their answers are modules, names, parameters, or what was done to the model.
NO_VALUES = {
    checks.closed,
    checks.convert,
    checks.decay_groups,
    checks.dead_units,
    checks.load_blobs,
    checks.moved_behind,
    checks.moving_layers,
    checks.recompute,
}


@pytest.mark.filterwarnings("ignore:__array_wrap__")  # arrays and tensors mixed
@pytest.mark.parametrize(
    "check", [c for c in RIGHT if c not in NO_VALUES], ids=lambda c: c.__name__
)
@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS)
def test_right_values_in_a_wrong_form_are_wrong(check, change):
    verdict = check(lambda *arguments: changed(RIGHT[check](*arguments), change))
    assert not verdict, repr(verdict)


def test_an_array_for_a_number_is_named():
    for check in (checks.parameter_count, checks.share_of_two, checks.shared_count):
        verdict = check(lambda *arguments: np.zeros((2, 3)))
        assert "one number is wanted, not an array of shape (2, 3)" in repr(verdict)


@pytest.mark.parametrize("one", [np.float32, np.array, torch.tensor])
def test_one_number_is_right_whatever_holds_it(one):
    assert checks.flat_edge(lambda s: one(2 * math.acosh(s**-0.5)))
    assert checks.steps_to_forget(lambda m, v: one(good_steps_to_forget(m, v)))


@EVERY_CHECK
def test_the_readers_interruption_goes_through(check):
    before = session()
    with pytest.raises(KeyboardInterrupt):
        check(throwing(KeyboardInterrupt()))
    assert session() == before


# The reader's session


@EVERY_CHECK
def test_right_answer_leaves_the_session_alone(check):
    before = session()
    assert check(RIGHT[check])
    assert session() == before


@EVERY_CHECK
def test_an_answer_that_draws_draws_the_same_each_time(check):
    drawn, ends = [], []

    def answer(*arguments):
        drawn.append((torch.rand(()).item(), np.random.random(), random.random()))
        return RIGHT[check](*arguments)

    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        before = session()
        assert check(answer)
        assert session() == before
        ends.append(drawn.copy())
        drawn.clear()
    assert ends[0] == ends[1] != []


def kept(answer):
    """A copy of what an answer says, that its arguments cannot change any more."""
    return changed(answer, lambda v: v.clone() if isinstance(v, torch.Tensor) else v)


@EVERY_CHECK
def test_what_an_answer_does_to_its_tensors_does_not_change_the_verdict(check):
    def answer(*arguments):
        found = kept(RIGHT[check](*arguments))
        spoil(a for a in arguments if not isinstance(a, nn.Module))
        return found

    verdict = check(answer)
    assert verdict, repr(verdict)


@contextmanager
def default(setting, value, back):
    setting(value)
    try:
        yield
    finally:
        setting(back)


SESSIONS = {
    "float64": lambda: default(torch.set_default_dtype, torch.float64, torch.float32),
    "bfloat16": lambda: default(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "without gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "another device": lambda: default(torch.set_default_device, "meta", None),
    "as it is": nullcontext,
}


@EVERY_CHECK
@pytest.mark.parametrize("conditions", SESSIONS.values(), ids=SESSIONS)
def test_the_session_does_not_change_the_verdict(check, conditions):
    with warnings.catch_warnings(action="error"), conditions():
        device, before = torch.get_default_device(), session()
        right, wrong = check(RIGHT[check]), check(lambda *arguments: None)
        assert session() == before and torch.get_default_device() == device
    assert right, repr(right)
    assert not wrong
