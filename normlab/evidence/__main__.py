"""``python -m normlab.evidence``: write ``results/rules.json``; print every verdict."""

from normlab.evidence.card import Card
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.registry import write
from normlab.runs.store import records


def main() -> None:
    """Do both; the rules first, as they may be there before the runs."""
    where = write(CLAIMS.values())
    waiting = [c for c in CLAIMS.values() if c.experiment and not records(c.experiment)]
    known = [claim for claim in CLAIMS.values() if claim not in waiting]
    for verdict in judge(known).values():
        print(Card(verdict), end="\n\n")
    for claim in waiting:
        print(f"{claim.id} waits for the runs of {claim.experiment!r}.")
    print(f"The rules' hashes are in {where}.")


if __name__ == "__main__":
    main()
