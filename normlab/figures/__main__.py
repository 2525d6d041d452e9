"""``python -m normlab.figures``: draw the cover from the recorded runs."""

from pathlib import Path

from normlab.figures.cover import cover
from normlab.figures.style import use_style
from normlab.runs import load

COVER = Path("web/theme/cover.svg")


def main() -> None:
    """Write the cover's SVG."""
    use_style()
    rows = load("lenet-rates")
    losses = rows[(rows["measure"] == "loss") & (rows["split"] == "train")]
    figure = cover(losses)
    figure.savefig(COVER, metadata={"Date": None}, bbox_inches="tight")
    print(f"wrote {COVER}")


if __name__ == "__main__":
    main()
