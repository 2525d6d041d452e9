"""What is said of channels with a small gamma."""

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.records import Arm, arm
from normlab.evidence.rules import Effect

NAMES = {"largest": "largest first", "random": "random order"}
_SHARES = (10, 20, 30, 40, 50)  # per cent of each layer's channels
_FILED = {
    "ours": "LeNet with sigmoids after 10 epochs at rate 1.0, no penalty on gamma, no "
    "training after silencing, evaluation mode, 5 seeds",
    "chapter": "pruning-by-gamma",
    "experiment": "inside",
}


def _silenced(order: str, share=_SHARES) -> Arm:
    plain = {"norm": "torch_batch", "weight_decay": 0.0, "init": "xavier"}
    which = {"split": "test", "statistics": "running", "order": order, "share": share}
    return arm("inside", "accuracy", **which, **plain)


def _smallest_against(other: str) -> dict:
    """The mean over five shares decides, each share by itself is a variant."""

    def rule(share, silenced):
        what = f"test accuracy, evaluation mode, {silenced}: smallest first − "
        arms = _silenced("smallest", share), _silenced(other, share)
        return Effect(*arms, 0.01, what + NAMES[other])

    mean = f"mean over {_SHARES[0]} to {_SHARES[-1]}% silenced"
    each = {f"{share}% silenced": share for share in _SHARES}
    return {
        "rule": rule(_SHARES, mean),
        "variants": {name: rule(share, name) for name, share in each.items()},
    }


CLAIMS = (
    Claim(
        id="liu2017-slimming",
        source="liu2017learning",
        place="section 3",
        says="A penalty on gamma in training pushes the gammas of unimportant channels "
        "towards 0, and these channels can then be removed at little loss, which "
        "further training mostly makes up for.",
        ours="",
        chapter="pruning-by-gamma",
        reason="No recorded training has the penalty, or goes on after channels are "
        "silenced.",
    ),
    Claim(
        id="small-gamma-largest",
        source=OURS,
        says="Silencing the smallest gammas first keeps more accuracy than the largest "
        "first.",
        **_smallest_against("largest"),
        **_FILED,
    ),
    Claim(
        id="small-gamma-random",
        source=OURS,
        says="Silencing the smallest gammas first keeps more accuracy than a random "
        "order.",
        **_smallest_against("random"),
        **_FILED,
    ),
    Claim(
        id="small-gamma-tenth",
        source=OURS,
        says="Silencing a tenth of the channels, the smallest gammas, costs accuracy.",
        rule=Effect(
            _silenced("smallest", 0),
            _silenced("smallest", 10),
            0.01,
            "test accuracy, evaluation mode: a tenth silenced − none silenced",
            shown_as=-1,
        ),
        **_FILED,
    ),
)
