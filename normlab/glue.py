"""Put a number or figure of a cell into the text around it.

On the site MyST-NB's glue carries it there; in a plain kernel numbers are printed
and figures shown, so that the names in the text still mean something.
"""

from IPython.display import display
from matplotlib.figure import Figure


def glue(**values: str | Figure) -> None:
    """Name values for the text: numbers already formatted as strings, or figures."""
    try:
        from myst_nb import glue as paste
    except ImportError:  # Colab, a bare kernel
        for name, value in values.items():
            if isinstance(value, Figure):
                display(value)
            else:
                print(f"{name} = {value}")
        return
    for name, value in values.items():
        paste(name, value, display=False)
