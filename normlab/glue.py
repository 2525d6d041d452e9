"""Put a number or figure of a cell into the text around it.

On the site MyST-NB's glue carries it there, and a notebook is made with the numbers of
that build in its sentences. In a plain kernel, where sentences stay as they are, what
was computed anew is shown below the cell: numbers in one line, figures as they are.
"""

from IPython.display import display
from matplotlib.figure import Figure


def glue(**values: str | Figure) -> None:
    """Name values for the text: numbers already formatted as strings, or figures."""
    try:
        from myst_nb import glue as paste
    except ImportError:  # Colab, a bare kernel
        show(values)
        return
    for name, value in values.items():
        paste(name, value, display=False)


def show(values: dict[str, str | Figure]) -> None:
    """Show figures, and print the rest in one line by the names that the cell gives."""
    numbers = []
    for name, value in values.items():
        if isinstance(value, Figure):
            display(value)
        else:
            numbers.append(f"{name} = {value}")
    if numbers:
        print(f"For the text: {'; '.join(numbers)}")
