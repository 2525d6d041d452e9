"""Marks for what words and does not decide: a rule's hash leaves it out.

So a sentence can be mended without the rule's being another one.
"""

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)
WORDS = {"words": True}  # metadata of a field that only says something


def in_words(function: Function) -> Function:
    """Mark a function or method that only says something."""
    return function
