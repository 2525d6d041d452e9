"""The words that a claim may get. They stand here and nowhere else."""

from enum import StrEnum


class Word(StrEnum):
    """What became of a claim when it was tried."""

    REPRODUCED = "reproduced"
    IN_DIRECTION = "reproduced in direction"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    NOT_TRIED = "not tried"

    @property
    def slug(self) -> str:
        """The word as it stands in an address or an attribute."""
        return self.replace(" ", "-")

    @property
    def agrees(self) -> bool:
        """Whether the runs show what the claim says, in direction at least."""
        return self in (Word.REPRODUCED, Word.IN_DIRECTION)

    def contradicts(self, other: "Word") -> bool:
        """Whether one of the two agrees with the claim and the other denies it."""
        denies = Word.NOT_REPRODUCED
        return (self.agrees and other is denies) or (other.agrees and self is denies)

    def one_step_down(self) -> "Word":
        """The word when another way to ask decides the other way."""
        steps = (Word.REPRODUCED, Word.IN_DIRECTION, Word.UNDECIDED)
        return steps[1] if self is steps[0] else Word.UNDECIDED


MEANINGS = {
    Word.REPRODUCED: (
        "Our runs show it. Where the claim has a number, it lies where one further run "
        "of ours would fall with 95% probability."
    ),
    Word.IN_DIRECTION: (
        "The effect is there, and its size is another than claimed, or its mean is "
        "smaller than we count, but its interval reaches beyond; or only the lesser "
        "condition that the rule names is met. Or the primary measure shows the claim "
        "and another way to ask denies it: one step."
    ),
    Word.NOT_REPRODUCED: (
        "We tried, and our runs show the opposite, or that any effect is smaller than "
        "we count as one: all of its 90% interval is."
    ),
    Word.UNDECIDED: (
        "Our runs cannot tell: two arms that are not separated are not thereby alike. "
        "Or the primary measure denies the claim, or shows its direction only, and "
        "another way to ask says the opposite: one step."
    ),
    Word.NOT_TRIED: (
        "With the reason: there is nothing in it to try, its runs are still to come, "
        "or it needs images or machines that we do not have."
    ),
}
