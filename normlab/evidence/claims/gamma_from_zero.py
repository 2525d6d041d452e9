"""What is said of gammas that start at 0."""

from functools import partial

from normlab.evidence.claim import OURS, Claim
from normlab.evidence.learned import never_starts
from normlab.evidence.records import arm
from normlab.evidence.rules import Holds

_ZERO = {"norm": "torch_batch", "init": "xavier_gamma_0", "order": ""}
_ACCURACY = arm(
    "inside", "accuracy", split="test", statistics="running", epoch="last", **_ZERO
)

CLAIMS = (
    Claim(
        id="goyal2017-zero-gamma",
        source="goyal2017accurate",
        place="section 5.1",
        says="With gamma 0 at the start in the last normalizer of each residual block "
        "all models get better, most of all with large batches.",
        ours="",
        chapter="gamma-from-zero",
        reason="It is about residual blocks, and LeNet has none.",
    ),
    Claim(
        id="zero-gamma-stuck",
        source=OURS,
        says="With gamma 0 at the start in all four normalizers LeNet does not learn.",
        ours="LeNet with sigmoids, batch 256, rate 1.0, 10 epochs, 5 seeds",
        chapter="gamma-from-zero",
        experiment="inside",
        rule=Holds(
            "After the last epoch every seed has 9 to 12% of the test images right, in "
            "evaluation mode.",
            partial(never_starts, _ACCURACY),
        ),
    ),
)
