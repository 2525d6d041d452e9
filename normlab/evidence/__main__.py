"""``python -m normlab.evidence``: write ``results/rules.json``; print every verdict."""

from normlab.evidence.card import Card
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.registry import write


def main() -> None:
    """Do both; the rules first, as they may be there before the runs."""
    where = write(CLAIMS.values())
    for verdict in judge(CLAIMS.values()).values():
        print(Card(verdict), end="\n\n")
    print(f"The rules' hashes are in {where}.")


if __name__ == "__main__":
    main()
