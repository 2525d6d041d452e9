"""A claim that is not tried: no rule, and the reason why not."""

from normlab.evidence.claim import Claim

DESIGNED = "Its experiment is designed; its runs are not recorded yet."
FACES = "Its photographs of faces are private."
NUMBERS = (
    "Its numbers are of large networks on CIFAR or ImageNet, more than the machine of "
    "this book can do; its direction on small ones is designed, and not recorded yet."
)
LARGE = "It needs ImageNet or COCO, more than the machine of this book can do."


def untried(
    id: str,
    source: str,
    place: str,
    says: str,
    setting: str = "",
    reason: str = DESIGNED,
    **more: str,
) -> Claim:
    """Return the claim; what is meant by each argument stands in ``Claim``."""
    return Claim(
        id=id,
        source=source,
        place=place,
        says=says,
        ours="",
        setting=setting or "not given",
        reason=reason,
        **more,
    )
