"""What a self-check says, and how it finds out."""

import math
import numbers
import random as pythons_random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normlab.randomness import random_numbers_kept

LONGEST = 200  # characters of a reason


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


class WrongAnswerError(Exception):
    """The reader's function gave something of a wrong kind; the message says what."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Work under the same conditions each time, and leave the reader's as they were.

    The conditions: random numbers from one seed, new tensors in float32 on the CPU,
    gradients on. Afterwards the reader's generators, PyTorch's default type, its modes
    and the filters of warnings are what they were. Every self-check has it as its
    decorator, and ``check`` works so in each case.
    """
    dtype = torch.get_default_dtype()
    elsewhere = torch.get_default_device().type != "cpu"
    with (
        random_numbers_kept(),
        warnings.catch_warnings(),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.device("cpu") if elsewhere else nullcontext(),
    ):
        torch.default_generator.manual_seed(0)  # and not a card's
        np.random.seed(0)
        pythons_random.seed(0)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def check(cases: dict[str, Callable[[], object]]) -> Verdict:
    """Run every case; one that raises has failed, and its error is part of the text.

    Only the reader's own interruption goes through.
    """
    verdict = Verdict({})
    for name, case in cases.items():
        with undisturbed():
            held, why = _tried(case)
        verdict.cases[name + why] = held
    return verdict


def number(answer: object) -> float:
    """Return an answer that should be one number.

    Raises:
        WrongAnswerError: it is anything else.
    """
    value = _single(answer)
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise WrongAnswerError(f"one number is wanted, not {_described(answer)}")
    return float(value)


def truth(answer: object) -> bool:
    """Return an answer that should be True or False; a number counts as in ``if``.

    Raises:
        WrongAnswerError: it is anything else.
    """
    value = _single(answer)
    if not isinstance(value, numbers.Real):
        raise WrongAnswerError(f"True or False is wanted, not {_described(answer)}")
    return bool(value)


def alike(answer: object, expected: Tensor, **tolerances: float) -> bool:
    """Return whether an answer is close to the expected tensor.

    Raises:
        WrongAnswerError: it is no tensor, or of another shape or type.
    """
    return torch.allclose(shaped_as(expected, answer), expected, **tolerances)


def shaped_as(expected: Tensor, answer: object) -> Tensor:
    """Return an answer that should be a tensor of the expected shape and type.

    Raises:
        WrongAnswerError: it is anything else.
    """
    if not isinstance(answer, Tensor):
        raise WrongAnswerError(f"a tensor is wanted, not {_described(answer)}")
    if (answer.shape, answer.dtype) != (expected.shape, expected.dtype):
        raise WrongAnswerError(
            f"{_described(expected)} is wanted, not {_described(answer)}"
        )
    return answer


def random(*shape: int, seed: int = 0) -> Tensor:
    """Return normal numbers of a shape: the same for the same seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _tried(case: Callable[[], object]) -> tuple[bool, str]:
    """Return whether a case held, and why not: a reader's function may do anything."""
    try:
        return bool(case()), ""
    except WrongAnswerError as error:
        return False, f" ({error})"
    except (Exception, SystemExit) as error:
        return False, f" ({type(error).__name__}: {_words(error)})"


def _words(error: BaseException) -> str:
    """Return an error's own words on one line, cut where they are many."""
    try:
        words = " ".join(str(error)[: 10 * LONGEST].split())
    except Exception:  # an error that cannot even be written
        return "no words"
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} ..."


def _single(answer: object) -> object:
    """Return the value of an array or tensor that holds only one."""
    array = isinstance(answer, Tensor | np.ndarray | np.generic)
    return answer.item() if array and math.prod(answer.shape) == 1 else answer


def _described(answer: object) -> str:
    if answer is None:
        return "None"
    if isinstance(answer, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(answer, Tensor) else "an array"
        return f"{kind} of shape {tuple(answer.shape)} and type {answer.dtype}"
    return f"a {type(answer).__name__}"
