"""Widgets in the written pages: a place, a still picture, and files to fetch.

A notebook leaves its widgets as blocks of JSON: one names the widget at each place,
one at the page's end holds the state of all. Here each place gets a still, which the
widget's class draws from that state, and the module, the styles and the state become
files under hashed names, which `host.js` fetches when a reader comes near. Jupyter
Book injects all of `_static` into every page, so they lie in `assets/widgets`.
"""

import hashlib
import json
from importlib import import_module
from pathlib import Path

from sphinx.errors import ExtensionError

from normlab.runs.store import write_atomically
from normlab.widgets import base

from .hashed import write_hashed

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
# Traits that the site keeps elsewhere than in the state, or that only a kernel needs.
APART = ("alt", "name", "room", "layout", "tabbable", "tooltip")


class WidgetError(ExtensionError):
    """A page shows a widget that would not work without a kernel."""


def place_widgets(site, page, soup, stills):
    """Replace the blocks of a page by places for its widgets.

    The folder `stills` keeps what was drawn, as some stills take a while.
    """
    models = {}
    for block in soup.find_all("script", type=STATE):
        models |= json.loads(block.string)["state"]
        block.decompose()
    views = soup.find_all("script", type=VIEW)
    used = set()
    for view in views:
        number = json.loads(view.string)["model_id"]
        if number not in models:
            raise WidgetError(f"{page.name}: the state of a widget was not kept")
        view.replace_with(place_for(site, page, soup, models[number], used, stills))
    for note in soup.select(f".{base.ASLEEP}"):  # for a saved notebook, not for us
        (note.find_parent(class_="output") or note).decompose()


def place_for(site, page, soup, model, used, stills):
    """Return the element that stands where a widget will be shown."""
    traits = model["state"]
    kind = class_of(traits)
    if kind is None:
        name = traits.get("_model_name", "a widget")
        raise WidgetError(
            f"{page.name}: {name} does not work without a kernel; make it a "
            "normlab.widgets.Widget"
        )
    files = write_files(site, kind, traits, model.get("buffers", []))
    still = draw_stills(kind, traits, stills)["svg"].read_text("utf-8")
    still = write_hashed(site, "widgets/still.svg", still)
    up = "../" * len(page.relative_to(site).parent.parts)
    narrow, wide = traits["room"]
    place = soup.new_tag("div", id=free_name(f"widget-{traits['name']}", used))
    place["class"] = ["bn-widget"]
    place["style"] = f"--narrow-room:{narrow}px;--wide-room:{wide}px"
    image = soup.new_tag("img", src=up + still, alt=traits["alt"])
    image["class"] = ["bn-still"]
    place.append(image)
    place["data-host"] = f"{up}assets/host.js"
    for part, name in files.items():
        place[f"data-{part}"] = up + name
    return place


def class_of(traits):
    """Return the class of the book's own that a state belongs to, or None."""
    module, _, name = traits.get("_anywidget_id", "").rpartition(".")
    if not module.startswith("normlab."):
        return None
    return getattr(import_module(module), name)


def draw_stills(kind, traits, stills):
    """Return the pictures of a widget that stands as its state says: suffix -> file."""
    lasting = {name: traits[name] for name in traits if name not in APART}
    key = hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()
    kept = {suffix: Path(stills, f"{key}.{suffix}") for suffix in ("svg", "png")}
    if not all(path.exists() for path in kept.values()):
        drawn = kind(**{name: traits[name] for name in traits["controls"]}).stills()
        Path(stills).mkdir(parents=True, exist_ok=True)
        for suffix, path in kept.items():  # a build may be stopped: none is half
            write_atomically(path, drawn[suffix])
    return kept


def write_files(site, kind, traits, buffers):
    """Write what a widget consists of; return {part: path from the site's root}."""
    files = {
        "module": ("js", traits["_esm"]),
        "style": ("css", traits["_css"]),
    }
    kept = {
        name: value
        for name, value in traits.items()
        if not name.startswith("_") and name not in APART
    }
    # A worker is asked for by address; in a kernel the trait is the script's text.
    addresses = {
        name: Path(write_hashed(site, "widgets/worker.js", kept.pop(name))).name
        for name in list(kept)
        if name.endswith("_script")
    }
    for name, make in kind.downloads.items():
        file = write_hashed(site, f"widgets/{name}.bin", make())
        addresses[f"{name}_address"] = Path(file).name
    found = {buffer["path"][0]: buffer["data"] for buffer in buffers}
    state = {"traits": kept, "buffers": found, "addresses": addresses}
    files["state"] = ("json", json.dumps(state, separators=(",", ":"), sort_keys=True))
    return {
        part: write_hashed(site, f"widgets/{part}.{suffix}", text)
        for part, (suffix, text) in files.items()
    }


def free_name(name, used):
    """Return a name that no other widget on the page has."""
    names = [name, *(f"{name}-{n}" for n in range(2, 99))]
    free = next(n for n in names if n not in used)
    used.add(free)
    return free
