"""What ghost batches tell of the two batch sizes."""

from normlab.evidence.claim import OURS as BOOK
from normlab.evidence.claim import Claim
from normlab.evidence.claims.batch_size import (
    EVALUATION,
    OURS,
    POINT,
    UPDATES,
    accuracy,
    measured,
    other_ways,
)
from normlab.evidence.rules import Effect, Rule

PAGE = "two-batch-sizes"


def ghosts_help(**changed) -> Rule:
    """With 1,024 images statistics of 16 are better than of all."""
    return Effect(
        accuracy("ghost_16", 1024, **changed),
        accuracy("torch_batch", 1024, **changed),
        POINT,
        f"{measured(**changed)}: 1,024 images, statistics of 16 − of all",
    )


def statistics_ruin(**changed) -> Rule:
    """Gradients of 256 images do not save statistics of two."""
    return Effect(
        accuracy("torch_batch", 256, **changed),
        accuracy("ghost_2", 256, **changed),
        POINT,
        f"{measured(**changed)}: gradients of 256 images, statistics of 2 − of 256",
        shown_as=-1,
    )


CLAIMS = (
    Claim(
        id="hoffer2017-ghosts",
        source="hoffer2017train",
        place="abstract",
        says="Statistics of small parts of a large batch make the large batch "
        "generalize better.",
        setting="several networks on CIFAR, parts of 128 of batches of 4,096",
        ours=f"{OURS}; parts of 16 of batches of 1,024",
        chapter=PAGE,
        experiment="batch-size",
        rule=ghosts_help(),
        variants=other_ways(ghosts_help, EVALUATION, UPDATES),
    ),
    Claim(
        id="statistics-of-two",
        source=BOOK,
        says="Statistics of two images ruin the network even where the gradient has "
        "256.",
        ours=OURS,
        chapter=PAGE,
        experiment="batch-size",
        rule=statistics_ruin(),
        variants=other_ways(statistics_ruin, EVALUATION, UPDATES),
    ),
)
