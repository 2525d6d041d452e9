"""``python -m normlab.evidence``: print every verdict; write ``results/rules.json``."""

from normlab.evidence.card import Card
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.registry import write


def main() -> None:
    """Do both."""
    for verdict in judge(CLAIMS.values()).values():
        print(Card(verdict), end="\n\n")
    print(f"The rules' hashes are in {write(CLAIMS.values())}.")


if __name__ == "__main__":
    main()
