"""What every widget has: its module, its controls, a still, and where it comes from."""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import anywidget
import matplotlib as mpl
import traitlets
from IPython.display import HTML, display
from matplotlib.figure import Figure

from normlab.figures.style import COLORS

HERE = Path(__file__).parent
ASLEEP = "bn-asleep"  # the class of what a widget leaves for a page without its kernel
WAKE = HTML(
    f'<p class="{ASLEEP}">No widget here? Its kernel has stopped: run this cell again '
    "to bring it back.</p>"
)
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w/-]+\.js)";\n', re.MULTILINE)


def module(name: str) -> str:
    """Return the text of a module, its neighbours in the place of their imports.

    A kernel's front end is given a module as text, which cannot import a neighbour.

    Args:
        name: its path in this folder without the suffix, "five/widget" for one.
    """
    done = set()

    def whole(file: Path) -> str:
        text = file.read_text("utf-8")
        return IMPORT.sub(lambda found: inlined(file.parent / found[1]), text)

    def inlined(neighbour: Path) -> str:
        file = neighbour.resolve()
        if file in done:
            return ""
        done.add(file)
        return re.sub(r"^export (?!default)", "", whole(file), flags=re.MULTILINE)

    return whole(HERE / f"{name}.js")


@dataclass(frozen=True)
class Control:
    """What a reader may set a trait to; a link to a widget may set nothing else.

    Args:
        label: the name that the reader sees and hears.
        low, high, step: of a number.
        length: of a list of such numbers; 0 for one number.
        unit: said after the number.
        digits: shown after the decimal point.
        options: (value, label) pairs, where the choice is among a few.
    """

    label: str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.1
    length: int = 0
    unit: str = ""
    digits: int = 1
    options: tuple[tuple[str | float | bool, str], ...] = ()


def numbered(*values: float) -> tuple[tuple[float, str], ...]:
    """Return choices that are called by their number: (value, label) pairs."""
    return tuple((value, f"{value:g}") for value in values)


class Widget(anywidget.AnyWidget):
    """A widget of the book: the same module in a kernel and on the site.

    A subclass sets ``_esm = module("its_name/widget")``, ``name``, ``room``, the
    colours it ``paints`` with, and a ``Control`` a trait that the reader may move. All
    else is drawn from its traits. What is fetched only when a reader asks for it is in
    ``downloads``: a page finds its address in the trait NAME_address. Its ``picture``
    is for paper, and for a notebook that was not run; a kernel never asks for it, as it
    may take long.
    """

    paints: tuple[str, ...] = ()  # names of colours that the module has as --bn-NAME
    # name -> what makes the file
    downloads: ClassVar[Mapping[str, Callable[[], bytes]]] = {}
    _css = (HERE / "widget.css").read_text("utf-8")

    name = traitlets.Unicode(help="in the page's links").tag(sync=True)
    room = traitlets.List(
        help="heights in CSS pixels kept free on a phone and on a wide screen"
    ).tag(sync=True)
    controls = traitlets.Dict(help="trait -> what it may be").tag(sync=True)
    defaults = traitlets.Dict(help="trait -> where Reset returns to").tag(sync=True)
    colors = traitlets.Dict(help="name -> colour, of those it paints").tag(sync=True)
    alt = traitlets.Unicode(help="the still in words").tag(sync=True)
    source = traitlets.Unicode(help="where the numbers come from").tag(sync=True)

    def __init__(self, controls: dict[str, Control], **traits) -> None:
        named = {name: asdict(control) for name, control in controls.items()}
        super().__init__(controls=named, **traits)
        if self.downloads:
            self.on_msg(self._asked)

    def _asked(self, _, message: dict, __) -> None:
        """Send a download to a front end that has no site to fetch it from."""
        if (name := message.get("wanted")) in self.downloads:
            self.send({name: True}, [self.downloads[name]()])

    @traitlets.default("colors")
    def _painted(self) -> dict:
        return {name: COLORS[name] for name in self.paints}

    @traitlets.default("defaults")
    def _as_it_opens(self) -> dict:
        return {name: getattr(self, name) for name in self.controls}

    def picture(self) -> Figure:
        """Draw the point that the widget makes, as it stands."""
        raise NotImplementedError(f"{type(self).__name__} needs a picture for paper")

    def stills(self) -> dict[str, bytes]:
        """Return the picture as "svg", for a page, and as "png", for a notebook.

        The same traits give the same bytes. The PNG has two dots to a CSS pixel.
        """
        picture, stills = self.picture(), {}
        with mpl.rc_context({"svg.hashsalt": "normlab"}):
            for suffix, dpi in {"svg": "figure", "png": 192}.items():
                file = io.BytesIO()
                options = {"format": suffix, "dpi": dpi, "metadata": {"Date": None}}
                picture.savefig(file, **options)
                stills[suffix] = file.getvalue()
        return stills

    def _ipython_display_(self) -> None:
        """Show the widget, and below it what a saved notebook says once it is dead.

        A front end with a live widget hides that (widget.css).
        """
        display(self._repr_mimebundle_()[0], raw=True)
        display(WAKE)
