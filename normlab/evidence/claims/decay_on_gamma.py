"""What is said of weight decay on gamma and beta."""

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.learned import LAYERS, PLAIN, Learned
from normlab.evidence.records import arm
from normlab.evidence.rules import TWENTIETH, All, Effect

HERE = (
    "LeNet with sigmoids, batch 256, rate 1.0, weight decay 0.0005, 10 epochs, 5 seeds"
)
_FILED = {"ours": HERE, "chapter": "decay-on-gamma", "experiment": "inside"}
_LATE = range(6, 11)  # epochs; the last one alone is noisy at this rate

_ALL = (("norm", "torch_batch"), ("weight_decay", 5e-4), ("decay_norms", True))
_SPARED = (("norm", "torch_batch"), ("weight_decay", 5e-4), ("decay_norms", False))


def _accuracy(settings: tuple, statistics: str = "batch", epoch=_LATE):
    which = {"split": "test", "statistics": statistics, "order": "", "epoch": epoch}
    return arm("inside", "accuracy", **which, **dict(settings))


def _loss(settings: tuple, epoch=_LATE):
    return arm("inside", "loss", split="train", epoch=epoch, **dict(settings))


def _more_accurate(better: tuple, worse: tuple, what: str) -> dict:
    """A rule on test accuracy, and the other ways to ask."""

    def rule(statistics="batch", *epoch):
        arms = (_accuracy(arm, statistics, *epoch) for arm in (better, worse))
        mode = "evaluation mode" if statistics == "running" else "batch statistics"
        return Effect(*arms, 0.01, f"test accuracy, {mode}: {what}")

    return {
        "rule": rule(),
        "variants": {
            "the last epoch alone": rule("batch", "last"),
            "evaluation mode": rule("running"),
            "evaluation mode, the last epoch alone": rule("running", "last"),
        },
    }


def _more_loss(higher: tuple, lower: tuple, what: str) -> dict:
    def rule(epoch):
        arms = _loss(higher, epoch), _loss(lower, epoch)
        return Effect(*arms, TWENTIETH, what, "times")

    return {"rule": rule(_LATE), "variants": {"the last epoch alone": rule("last")}}


def _gamma_falls(layer: int) -> Effect:
    arms = (Learned("gamma", layer, settings=s) for s in (_SPARED, _ALL))
    what = f"mean gamma of layer {layer + 1}, decayed over spared"
    return Effect(*arms, TWENTIETH, what, "times", shown_as=-1)


CLAIMS = (
    Claim(
        id="he2019-decay",
        source="he2019bag",
        place="section 3.1, no bias decay",
        says="It is a heuristic against overfitting to decay weights alone, and to "
        "spare biases, gamma and beta.",
        setting="ResNet-50 on ImageNet, with large batches",
        reason="Here gamma and beta are spared, and the biases are not.",
        **_more_accurate(_SPARED, _ALL, "gamma and beta spared − decayed too"),
        **_FILED,
    ),
    Claim(
        id="decay-loss",
        source=OURS,
        says="Decay on gamma and beta, beside that of all other weights, raises the "
        "training loss.",
        **_more_loss(
            _ALL, _SPARED, "training loss, gamma and beta decayed too over spared"
        ),
        **_FILED,
    ),
    Claim(
        id="decay-others-loss",
        source=OURS,
        says="Decay on all weights but gamma and beta raises the training loss.",
        **_more_loss(
            _SPARED,
            PLAIN,
            "training loss, decay of all but gamma and beta over no decay",
        ),
        **_FILED,
    ),
    Claim(
        id="decay-others-test",
        source=OURS,
        says="Decay on all weights but gamma and beta lowers the test accuracy.",
        **_more_accurate(PLAIN, _SPARED, "no decay − decay of all but gamma and beta"),
        **_FILED,
    ),
    Claim(
        id="decay-gamma",
        source=OURS,
        says="Decay on gamma makes the mean gamma of every layer smaller.",
        rule=All(tuple(_gamma_falls(layer) for layer in LAYERS)),
        **_FILED,
    ),
    Claim(
        id="decay-last-layer",
        source=OURS,
        says="Decay on the other weights alone makes the last layer's mean gamma "
        "larger.",
        rule=Effect(
            Learned("gamma", LAYERS[-1], settings=_SPARED),
            Learned("gamma", LAYERS[-1]),
            TWENTIETH,
            "mean gamma of layer 4, spared over no decay",
            "times",
        ),
        **_FILED,
    ),
)
