"""The rooms of the house: a module imports only from rooms to its left.

And a hand-written layer calls none of PyTorch's own normalizers.
"""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "normlab"
FLOW = (
    "arguments",
    "gather",
    "randomness",
    "data",
    "augmentation",
    "layers",
    "models",
    "residual",
    "gradients",
    "evaluation",
    "schedules",
    "training",
    "playground",
    "recorders",
    "runs",
    "evidence",
    "figures",
    "widgets",
    "glue",
    "checks",
)
DUMPING_GROUNDS = {"utils", "util", "helpers", "helper", "common", "misc"}
NORMALIZER = re.compile(
    r"(batch|layer|group|instance|rms|response)_?norm|local_?response", re.IGNORECASE
)


def modules(package=PACKAGE):
    """Dotted name -> source of every module."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts)] = file.read_text()
    return found


def imported(module, source):
    """The dotted names that a module imports, function-level imports included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room(name):
    return name.split(".")[1]


def arrows_against_the_flow(module, source):
    """The imports of a module that go to its right, or to no room at all."""
    inside = [n for n in imported(module, source) if f"{n}.".startswith("normlab.")]
    if module == "normlab.__init__":
        return inside  # the package is imported before every room
    if room(module) not in FLOW:
        return [f"{module} has no place in the flow"]
    here = FLOW.index(room(module))
    allowed = FLOW[: here + 1]
    return [n for n in inside if "." not in n or room(n) not in allowed]


def torch_names(source):
    """Every use of a name that comes from torch, spelled in full."""
    tree = ast.parse(source)
    origin = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "torch":
                    origin[alias.asname or "torch"] = (
                        alias.name if alias.asname else "torch"
                    )
                    yield alias.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "torch"
        ):
            for alias in node.names:
                origin[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        name = written(node)
        root, _, rest = name.partition(".")
        if root in origin and rest:
            yield f"{origin[root]}.{rest}"


def written(node):
    """``F.batch_norm`` and ``getattr(F, "batch_norm")`` as a dotted name, or ''."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{written(node.value)}.{node.attr}"
    if isinstance(node, ast.Call) and written(node.func) == "getattr":
        thing, name, *_ = node.args
        return f"{written(thing)}.{getattr(name, 'value', '')}"
    return ""


def borrowed_normalizers(source):
    return [n for n in torch_names(source) if NORMALIZER.search(n)]


def star_imports(source):
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]


def experiments():
    """The modules of ``runs`` that describe one."""
    described = re.compile(r"^[A-Z_]+ = Experiment\(", re.MULTILINE)
    return {module for module, source in modules().items() if described.search(source)}


def borrowed_from_experiments(module, source):
    names = set(imported(module, source))
    names |= {name.rpartition(".")[0] for name in names}
    return names & experiments()


def dumping_grounds(names):
    return [n for n in names if DUMPING_GROUNDS & set(n.split("."))]


# The package


@pytest.mark.parametrize("module", modules())
def test_imports_follow_the_flow(module):
    assert arrows_against_the_flow(module, modules()[module]) == []


@pytest.mark.parametrize("module", [m for m in modules() if room(m) == "layers"])
def test_layers_are_written_by_hand(module):
    assert borrowed_normalizers(modules()[module]) == []


@pytest.mark.parametrize("module", modules())
def test_imports_are_explicit(module):
    assert star_imports(modules()[module]) == []


@pytest.mark.parametrize("module", sorted(experiments()))
def test_experiments_borrow_nothing_from_each_other(module):
    """What several need stands in protocol.py, execute.py or rows.py."""
    assert borrowed_from_experiments(module, modules()[module]) == set()


def test_no_module_is_a_dumping_ground():
    assert dumping_grounds(modules()) == []


def test_every_first_room_was_read():
    assert {room(m) for m in modules()} >= {*FLOW[:5], "runs"}


# The checks themselves, on planted mistakes


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("normlab.data", "from normlab.layers import batch_norm"),
        ("normlab.layers.batch", "import normlab.models"),
        ("normlab.models", "from normlab import training"),
        ("normlab.training", "def f():\n    from normlab.runs import load"),
        ("normlab.training", "from . import recorders"),
        ("normlab.runs.execute", "from normlab.figures import curves"),
        ("normlab.runs.execute", "from ..checks import convert"),
        ("normlab.figures.style", "from normlab.widgets.depth import Depth"),
        ("normlab.attic", "import torch"),
        ("normlab.models", "import normlab"),
        ("normlab.__init__", "from normlab.data import fashion_mnist"),
    ],
)
def test_arrow_against_the_flow_is_found(module, source):
    assert arrows_against_the_flow(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("normlab.layers.batch", "from normlab.layers.arguments import check"),
        ("normlab.layers.batch", "from .arguments import check"),
        ("normlab.runs.execute", "from normlab.data import fashion_mnist"),
        ("normlab.checks", "from normlab.figures import curves"),
        ("normlab.data", "import torch, normlabel"),
    ],
)
def test_arrow_with_the_flow_is_allowed(module, source):
    assert not arrows_against_the_flow(module, source)


@pytest.mark.parametrize(
    "source",
    [
        "from normlab.runs.inside import PROBE",
        "from normlab.runs import inside",
        "from .inside import PROBE",
    ],
)
def test_what_an_experiment_borrows_is_found(source):
    found = borrowed_from_experiments("normlab.runs.modes", source)
    assert found == {"normlab.runs.inside"}


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn.functional as F\nF.batch_norm(x)",
        "from torch.nn import functional as G\nG.layer_norm(x)",
        "from torch.nn.functional import group_norm as mine",
        "import torch\ntorch.nn.functional.instance_norm(x)",
        "import torch\ntorch.batch_norm(x)",
        "import torch\ntorch.ops.aten.native_batch_norm.default(x)",
        "from torch import nn\nclass Mine(nn.BatchNorm2d): pass",
        "from torch.nn.modules.batchnorm import _BatchNorm",
        "from torch import native_layer_norm",
        "import torch.nn.functional as F\ngetattr(F, 'batch_norm')(x)",
        "import torch as t\nt.nn.SyncBatchNorm(3)",
        "def f(x):\n    from torch.nn.functional import rms_norm",
    ],
)
def test_borrowed_normalizer_is_found(source):
    assert borrowed_normalizers(source)


@pytest.mark.parametrize(
    "source",
    [
        "def batch_norm(x): ...\nbatch_norm(x)",
        "from normlab.layers import batch_norm",
        "import torch\ntorch.var_mean(x)",
        "import torch\ntorch.linalg.vector_norm(x)",
    ],
)
def test_own_normalizer_is_allowed(source):
    assert not borrowed_normalizers(source)


def test_star_import_is_found():
    assert star_imports("from torch import *")


@pytest.mark.parametrize("name", ["normlab.utils", "normlab.runs.helpers"])
def test_dumping_ground_is_found(name):
    assert dumping_grounds([name])
