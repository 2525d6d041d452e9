"""What is said of a verdict in words, by its card and by its row of the ledger."""

from normlab.evidence.judge import Verdict
from normlab.evidence.rules import LEVEL
from normlab.evidence.words import Word


def of_p(verdict: Verdict) -> str:
    """Return the sentence on p, "" where there is none."""
    if verdict.p is None:
        return ""
    about = [f"p {shown(verdict.p)}"]
    if verdict.tests > 1:
        about.append(f"after Holm's correction for {verdict.tests} tests")
    elif verdict.tests:
        about.append("in the one test of its experiment")
    else:
        about.append(", judged by itself")
    if verdict.p_of:
        about.append(f"({verdict.p_of})")
    if verdict.by_interval:
        about.append("; but the 90% interval decides here")
    return " ".join(about).replace(" ,", ",").replace(" ;", ";") + "."


def shown(p: float) -> str:
    """Return "= 0.051", with the digits that tell it from the level, or "< 0.0001"."""
    if p < 1e-4:
        return "< 0.0001"
    for digits in range(2, 6):
        text = f"{p:.{digits}g}"
        if (float(text) < LEVEL) == (p < LEVEL):
            break
    return f"= {text}"


def of_other_ways(verdict: Verdict) -> str:
    """Return what the other ways to ask said, each with its word."""
    if not verdict.variants:
        return "Asked in one way."
    words = {variant.word for variant in verdict.variants}
    names = [variant.name for variant in verdict.variants]
    if len(words) == 1 and len(names) > 1:
        said = f"Asked otherwise, each time {words.pop()}: {'; '.join(names)}."
    else:
        ways = (f"{variant.name}: {variant.word}" for variant in verdict.variants)
        said = f"Asked otherwise: {'; '.join(ways)}."
    return " ".join(filter(None, (said, _step(verdict))))


def _step(verdict: Verdict) -> str:
    """Say what the other ways did to the word, or why nothing."""
    primary = verdict.primary
    if verdict.depends_on:
        return (
            f"By the primary measure it is {primary}; what decides the other way moves "
            f"the word one step, to {verdict.word}."
        )
    decided = any(v.word is not Word.UNDECIDED for v in verdict.variants)
    if primary is Word.UNDECIDED and decided:
        return "What the primary measure leaves undecided stays so."
    return ""
