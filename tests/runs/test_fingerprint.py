"""What makes a record one of older code: what its run uses, and nothing else."""

import ast
import hashlib
import json
import shutil
from dataclasses import replace
from functools import partial

import pytest
from torch import nn

from normlab.layers import BatchNorm
from normlab.models import mlp
from normlab.runs import EXPERIMENTS, Run, execute
from normlab.runs.axes import WHICH_AXES
from normlab.runs.batch_size import BATCH_SIZE
from normlab.runs.fingerprint import PACKAGE, Code, fingerprint, is_older
from normlab.runs.inside import INSIDE
from normlab.runs.lenet import LENET
from normlab.runs.modes import FROZEN_FINISH, TRAIN_EVAL_GAP
from normlab.runs.registry import INITS, MODELS, NORMS

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
OURS = Run("lenet", "batch", 0.1, 256, epochs=10, seed=0)
PLAIN = replace(OURS, norm="none")
BUILT_IN = replace(OURS, norm="torch_batch")


def carry_of(experiment):
    return experiment.carry_out or execute.keep_history


class Edited:
    """A copy of the package's source, to be edited before it is first read."""

    def __init__(self, folder, original=PACKAGE):
        self.folder, self.original = folder, original
        only_source = shutil.ignore_patterns("__pycache__", "*.js", "*.css")
        shutil.copytree(original, folder, ignore=only_source)

    def replace(self, path, old, new):
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new, 1))

    def append(self, path, text):
        with open(self.folder / path, "a") as file:
            file.write(text)

    def makes_older(self, experiment, run):
        """Whether a record made by the original is older to the edited package."""
        recorded = fingerprint(run, carry_of(experiment), self.original)
        recorded = json.loads(json.dumps(recorded))  # as it comes back from the file
        return is_older(recorded, run, carry_of(experiment), self.folder)


@pytest.fixture
def edited(tmp_path):
    return Edited(tmp_path / "normlab")


def one_of_each():
    return [(e, e.variants[-1]) for e in EXPERIMENTS.values()]


def test_the_same_code_is_not_older(edited):
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("training.py", "math.isfinite", "math.isnan"),
        ("data.py", "VALIDATION = 10_000", "VALIDATION = 5_000"),
        ("models.py", "nn.Linear(84, 10)", "nn.Linear(84, 11)"),
        ("models.py", "nn.Linear(256, 120)", "nn.LazyLinear(120)"),
        ("runs/execute.py", "torch.manual_seed(run.seed)", "torch.manual_seed(0)"),
        ("runs/execute.py", "STEPS_KEPT = 20", "STEPS_KEPT = 10"),
        ("runs/store.py", '"value": v}', '"value": -v}'),
    ],
)
def test_code_that_every_lenet_uses_counts_for_all(edited, path, old, new):
    edited.replace(path, old, new)
    lenets = [pair for pair in one_of_each() if pair[1].model == "lenet"]
    assert all(edited.makes_older(*pair) for pair in lenets)


def test_changed_own_module_counts_and_a_siblings_does_not(edited):
    edited.replace("runs/batch_size.py", "NOISE_BATCHES = 32", "NOISE_BATCHES = 16")
    assert edited.makes_older(BATCH_SIZE, BUILT_IN)
    others = [e for e in EXPERIMENTS.values() if e is not BATCH_SIZE]
    assert not any(edited.makes_older(e, BUILT_IN) for e in others)


def test_two_experiments_in_one_file_are_siblings_too(edited):
    edited.replace("runs/modes.py", "SLOW = 0.01", "SLOW = 0.02")
    assert edited.makes_older(FROZEN_FINISH, BUILT_IN)
    assert not edited.makes_older(TRAIN_EVAL_GAP, BUILT_IN)


@pytest.mark.parametrize(
    ("path", "old", "new", "touched"),
    [
        ("runs/inside.py", "LOSSES = 500", "LOSSES = 400", {"inside", "batch-size"}),
        ("runs/inside.py", "gamma.abs()", "gamma", {"inside"}),
        (
            "runs/modes.py",
            "ANOTHER_ORDER = 1000",
            "ANOTHER_ORDER = 1001",
            {"train-eval-gap", "frozen-finish", "which-axes"},
        ),
        ("recorders.py", "FLAT = 0.01", "FLAT = 0.02", {"inside"}),
    ],
)
def test_what_a_module_imports_counts_where_it_is_used(edited, path, old, new, touched):
    edited.replace(path, old, new)
    names = ("lenet", "inside", "batch-size", "train-eval-gap", "frozen-finish")
    lenets = [EXPERIMENTS[name] for name in (*names, "which-axes")]
    assert {e.name for e in lenets if edited.makes_older(e, BUILT_IN)} == touched


def test_imports_inside_functions_count(edited, tmp_path):
    edited.append("models.py", "\n\ndef steeper(x):\n    return 2 * x\n")
    call = "    from normlab.models import steeper\n    steeper(1)\n    return rows_of"
    edited.replace("runs/modes.py", "    return rows_of", call)
    same = Edited(tmp_path / "same", original=edited.folder)
    later = Edited(tmp_path / "later", original=edited.folder)
    later.replace("models.py", "return 2 * x", "return 3 * x")
    assert not same.makes_older(TRAIN_EVAL_GAP, BUILT_IN)
    assert later.makes_older(TRAIN_EVAL_GAP, BUILT_IN)
    assert not later.makes_older(LENET, BUILT_IN)


def test_a_module_used_by_its_name_counts(edited):
    """``store.rows_of`` in execute: that function, and not the rest of the file."""
    edited.append("runs/store.py", "\n\ndef another():\n    return 1\n")
    edited.replace("runs/store.py", "cannot write into", "may not write into")
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def test_another_import_from_elsewhere_counts(edited):
    edited.replace(
        "runs/batch_size.py",
        "from torch.nn.functional import cross_entropy",
        "from torch.nn.functional import nll_loss as cross_entropy",
    )
    assert edited.makes_older(BATCH_SIZE, BUILT_IN)


def test_a_statement_that_defines_nothing_counts(edited):
    edited.append("models.py", "\nnn.Linear.reset_parameters = None\n")
    assert edited.makes_older(LENET, PLAIN)


# What a run does not use


def test_another_normalizer_in_the_registry_changes_nothing(edited, monkeypatch):
    before = [fingerprint(run, carry_of(e)) for e, run in one_of_each()]
    edited.append("runs/builders.py", "\n\ndef torch_rms_norm(n):\n    return n\n")
    edited.replace(
        "runs/registry.py", '"batch": BatchNorm,', '"batch": BatchNorm,\n    "rms": 1,'
    )
    monkeypatch.setitem(NORMS, "rms", nn.RMSNorm)
    monkeypatch.setitem(MODELS, "deep", partial(mlp, 9, 100))
    assert [fingerprint(run, carry_of(e)) for e, run in one_of_each()] == before
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def test_a_normalizer_counts_for_the_runs_that_name_it(edited):
    edited.replace("layers/ghost.py", "super()", "super(GhostBatchNorm, self)")
    assert edited.makes_older(BATCH_SIZE, replace(OURS, norm="ghost_16"))
    for norm in ("none", "batch", "torch_batch"):
        assert not edited.makes_older(BATCH_SIZE, replace(OURS, norm=norm))


def test_our_layer_counts_for_its_own_runs(edited):
    edited.replace("layers/batch.py", "momentum: float = 0.1", "momentum: float = 0.2")
    assert edited.makes_older(LENET, OURS)
    assert not edited.makes_older(LENET, PLAIN)
    assert not edited.makes_older(LENET, BUILT_IN)


@pytest.mark.parametrize(
    ("registry", "name", "value"),
    [
        (NORMS, "ghost_16", partial(NORMS["ghost_16"].func, ghost_size=8)),
        (NORMS, "ghost_16", BatchNorm),
        (NORMS, "ghost_16", nn.BatchNorm1d),
        (INITS, "gaussian_0.1", partial(INITS["gaussian_0.1"].func, std=0.2)),
        (MODELS, "lenet", partial(MODELS["lenet"], act=nn.ReLU)),
    ],
    ids=["other ghosts", "ours", "PyTorch's", "other start", "other activation"],
)
def test_a_name_that_stands_for_something_else_counts(
    monkeypatch, registry, name, value
):
    run = replace(OURS, norm="ghost_16", init="gaussian_0.1")
    recorded = fingerprint(run, execute.keep_history)
    monkeypatch.setitem(registry, name, value)
    assert is_older(recorded, run, execute.keep_history)


# What is no change


def test_words_and_layout_do_not_count(edited):
    edited.append("training.py", "\n\n# A remark.\n")
    edited.replace("models.py", '"""LeNet as', '"""The network as')
    edited.replace("models.py", "(84, 10)", "(\n            84, 10\n        )")
    edited.replace("runs/batch_size.py", '"""Return the rate', '"""The rate')
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def test_lists_of_names_and_the_command_line_do_not_count(edited):
    for path in ("layers/__init__.py", "runs/__init__.py"):
        edited.append(path, "\nMORE = 1\n")
    edited.append("data.py", '\nif __name__ == "__main__":\n    print("done")\n')
    edited.replace("runs/config.py", "count < 1", "count <= 0")
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def rename(edited, old, new):
    (edited.folder / old).rename(edited.folder / new)
    then, now = (p.removesuffix(".py").replace("/", ".") for p in (old, new))
    for file in edited.folder.rglob("*.py"):
        text = file.read_text()
        file.write_text(text.replace(f"normlab.{then} ", f"normlab.{now} "))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("training.py", "fitting.py"),
        ("layers/arguments.py", "layers/door.py"),
        ("recorders.py", "runs/recorders.py"),
    ],
)
def test_a_renamed_file_is_not_older_code(edited, old, new):
    rename(edited, old, new)
    assert not any(edited.makes_older(*pair) for pair in one_of_each())
    now = fingerprint(BUILT_IN, carry_of(INSIDE), edited.folder)
    assert old not in now


def test_a_moved_definition_is_not_older_code(edited):
    file = edited.folder / "runs" / "inside.py"
    text = file.read_text()
    begin, end = text.index("def thin("), text.index("@torch.no_grad()\ndef prune")
    file.write_text(text[:begin] + text[end:])
    moved = "\nimport numpy as np\n\nLOSSES = 500\n\n\n" + text[begin:end]
    edited.append("runs/lenet.py", moved)
    own = "runs/batch_size.py"
    edited.replace(own, "from normlab.runs.inside import thin\n", "")
    edited.replace(own, "import SOURCE_RATE", "import SOURCE_RATE, thin")
    assert not edited.makes_older(BATCH_SIZE, BUILT_IN)


# The first records


def first_form():
    """A fingerprint as the first records have it: one hash a file, none of runs/."""
    rooms = ("data", "models", "training", "statistics", "recorders")
    files = [PACKAGE / f"{room}.py" for room in rooms]
    files += [f for f in (PACKAGE / "layers").glob("*.py") if f.name != "__init__.py"]
    return {f.relative_to(PACKAGE).as_posix(): whole_hash(f) for f in files}


def whole_hash(file):
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body[0].value.value = ""
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:12]


@pytest.fixture
def first(edited):
    """Whether a record in the first form is older to the edited package."""
    recorded = first_form()

    def makes_older(experiment, run):
        return is_older(recorded, run, carry_of(experiment), edited.folder)

    return makes_older


def test_first_records_of_the_same_files_are_not_older(first):
    assert not any(first(*pair) for pair in one_of_each())


def test_first_records_compare_the_files_that_their_run_uses(edited, first):
    edited.append("layers/batch.py", "\n\ndef unused():\n    return 1\n")
    assert first(LENET, OURS)
    assert not first(LENET, PLAIN)
    assert not first(WHICH_AXES, BUILT_IN)


def test_first_records_do_not_answer_for_runs(edited, first):
    """They never said anything of these files."""
    edited.replace("runs/batch_size.py", "NOISE_BATCHES = 32", "NOISE_BATCHES = 16")
    assert not first(BATCH_SIZE, BUILT_IN)


@pytest.mark.parametrize("changed", [False, True])
def test_first_records_survive_a_renamed_file(edited, first, changed):
    rename(edited, "recorders.py", "watchers.py")
    if changed:
        edited.replace("watchers.py", "FLAT = 0.01", "FLAT = 0.02")
    assert first(INSIDE, BUILT_IN) == changed


def test_a_file_has_the_hash_of_the_first_records(tmp_path):
    """A literal: if this fails, all of them count as older."""
    text = '''"""Doc."""

X = 1  # remark


def f(x):
    """Doc."""
    return 2*x
'''
    (tmp_path / "f.py").write_text(text)
    assert Code(tmp_path).source("f.py").whole == "1fde448d25e1"


@pytest.mark.parametrize("recorded", [None, "abc", [], {}])
def test_a_record_that_does_not_say_is_older(recorded):
    assert is_older(recorded, PLAIN, execute.keep_history)
