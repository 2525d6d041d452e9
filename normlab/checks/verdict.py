"""What a self-check says, and how it finds out."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Verdict:
    """The outcome of a self-check: each case, and whether it held, in order."""

    cases: dict[str, bool]

    def __bool__(self) -> bool:
        return all(self.cases.values())

    def __repr__(self) -> str:
        lines = [
            f"[{'x' if held else ' '}] {case}" for case, held in self.cases.items()
        ]
        end = "All of it holds." if self else "Not yet. Change the function, run again."
        return "\n".join([*lines, end])


def check(cases: dict[str, Callable[[], bool]]) -> Verdict:
    """Run every case; one that raises has failed, and its error is part of the text."""
    verdict = Verdict({})
    for name, case in cases.items():
        try:
            held, why = case(), ""
        except Exception as error:  # a reader's function may raise anything
            held, why = False, f" ({type(error).__name__}: {error})"
        verdict.cases[name + why] = bool(held)
    return verdict


def random(*shape: int, seed: int = 0) -> Tensor:
    """Return normal numbers of a shape: the same for the same seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
