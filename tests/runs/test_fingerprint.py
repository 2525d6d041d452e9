"""What makes a record one of older code: what its run uses, and nothing else."""

import ast
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from functools import partial

import pytest
from torch import nn

from normlab.layers import BatchNorm, GhostBatchNorm
from normlab.models import mlp
from normlab.runs import EXPERIMENTS, Run, execute, provenance, reach
from normlab.runs.batch_size import BATCH_SIZE
from normlab.runs.fingerprint import fingerprint, is_older
from normlab.runs.inside import INSIDE
from normlab.runs.lenet import LENET
from normlab.runs.modes import FROZEN_FINISH, TRAIN_EVAL_GAP
from normlab.runs.reach import PACKAGE, Code
from normlab.runs.registry import (
    ARRANGEMENTS,
    AUGMENTS,
    INITS,
    MODELS,
    NORMS,
    SCHEDULES,
    TRANSFORMS,
)

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
OURS = Run("lenet", "batch", 0.1, 256, epochs=10, seed=0)
PLAIN = replace(OURS, norm="none")
BUILT_IN = replace(OURS, norm="torch_group")


def carry_of(experiment):
    return experiment.carry_out or execute.keep_history


def defined_by(node):
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {getattr(node, "name", None)}


class Edited:
    """A copy of the package's source, to be edited before it is first read."""

    def __init__(self, folder, original=PACKAGE):
        self.folder, self.original = folder, original
        only_source = shutil.ignore_patterns("__pycache__", "*.js", "*.css")
        shutil.copytree(original, folder, ignore=only_source)

    def change(self, path, name):
        """Make a definition another one; its text is nobody's business here."""
        file = self.folder / path
        tree = ast.parse(file.read_text())
        (node,) = [n for n in tree.body if name in defined_by(n)]
        if isinstance(node, ast.Assign):
            node.value = ast.Tuple([node.value])
        else:
            node.body.append(ast.Pass())
        file.write_text(ast.unparse(tree))

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
    ("path", "name"),
    [
        ("training.py", "fit"),
        ("evaluation/scores.py", "EVAL_BATCH"),
        ("data.py", "fashion_mnist"),
        ("models.py", "lenet"),
        ("models.py", "xavier"),
        ("runs/execute.py", "build"),
        ("runs/rows.py", "STEPS_KEPT"),
        ("runs/rows.py", "row"),
    ],
)
def test_code_that_every_lenet_uses_counts_for_all(edited, path, name):
    edited.change(path, name)
    pairs = [pair for pair in one_of_each() if pair[1].init.startswith("xavier")]
    lenets = [pair for pair in pairs if pair[1].model == "lenet"]
    assert all(edited.makes_older(*pair) for pair in lenets)


def test_changed_own_module_counts_and_a_siblings_does_not(edited):
    edited.change("runs/batch_size.py", "gradient_noise")
    assert edited.makes_older(BATCH_SIZE, BUILT_IN)
    others = [e for e in EXPERIMENTS.values() if e is not BATCH_SIZE]
    assert not any(edited.makes_older(e, BUILT_IN) for e in others)


def test_two_experiments_in_one_file_are_siblings_too(edited):
    edited.change("runs/modes.py", "SLOW")
    assert edited.makes_older(FROZEN_FINISH, BUILT_IN)
    assert not edited.makes_older(TRAIN_EVAL_GAP, BUILT_IN)


@pytest.mark.parametrize(
    ("path", "name", "touched"),
    [
        ("runs/rows.py", "LOSSES", {"inside", "batch-size"}),
        ("runs/inside.py", "prune", {"inside"}),
        ("recorders.py", "FLAT", {"inside"}),
        (
            "runs/protocol.py",
            "ANOTHER_ORDER",
            {"train-eval-gap", "frozen-finish", "which-axes"},
        ),
    ],
)
def test_what_a_module_imports_counts_where_it_is_used(edited, path, name, touched):
    edited.change(path, name)
    names = ("lenet", "inside", "batch-size", "train-eval-gap", "frozen-finish")
    lenets = [EXPERIMENTS[name] for name in (*names, "which-axes")]
    assert {e.name for e in lenets if edited.makes_older(e, BUILT_IN)} == touched


def test_imports_inside_functions_count(edited, tmp_path):
    edited.append("models.py", "\n\ndef steeper(x):\n    return 2 * x\n")
    call = "    from normlab.models import steeper\n    steeper(1)\n    x, held_out ="
    edited.replace("runs/modes.py", "    x, held_out =", call)
    same = Edited(tmp_path / "same", original=edited.folder)
    later = Edited(tmp_path / "later", original=edited.folder)
    later.replace("models.py", "return 2 * x", "return 3 * x")
    assert not same.makes_older(TRAIN_EVAL_GAP, BUILT_IN)
    assert later.makes_older(TRAIN_EVAL_GAP, BUILT_IN)
    assert not later.makes_older(LENET, BUILT_IN)


def test_imports_that_may_fail_count(edited, tmp_path):
    attempt = "\ntry:\n    from normlab.models import mlp as thin\n"
    edited.append("runs/batch_size.py", attempt + "except ImportError:\n    pass\n")
    later = Edited(tmp_path / "later", original=edited.folder)
    later.change("models.py", "mlp")
    assert later.makes_older(BATCH_SIZE, BUILT_IN)


def test_a_module_used_by_its_name_counts(edited, tmp_path):
    """``store.save`` in an experiment: that function, and not the rest of the file."""
    use = "from normlab.runs import store\n\nkeep = store.table_name\n"
    edited.append("runs/batch_size.py", f"\n{use}")
    edited.replace(
        "runs/batch_size.py", "    return variance,", "    keep\n    return variance,"
    )
    same = Edited(tmp_path / "same", original=edited.folder)
    same.change("runs/store.py", "merge")
    later = Edited(tmp_path / "later", original=edited.folder)
    later.change("runs/store.py", "table_name")
    assert not same.makes_older(BATCH_SIZE, BUILT_IN)
    assert later.makes_older(BATCH_SIZE, BUILT_IN)


def test_another_import_from_elsewhere_counts(edited):
    edited.append("runs/batch_size.py", "\nfrom torch import stack as cross_entropy\n")
    assert edited.makes_older(BATCH_SIZE, BUILT_IN)


def test_a_statement_that_defines_nothing_counts(edited):
    edited.append("models.py", "\nnn.Linear.reset_parameters = None\n")
    assert edited.makes_older(LENET, PLAIN)


# What a run does not use


def test_another_normalizer_in_the_registry_changes_nothing(edited, monkeypatch):
    before = [fingerprint(run, carry_of(e)) for e, run in one_of_each()]
    edited.append("runs/builders.py", "\n\ndef torch_rms_norm(n):\n    return n\n")
    edited.replace(
        "runs/registry.py",
        '    "batch": {',
        '    "another": {"norm": 1},\n    "batch": {',
    )
    monkeypatch.setitem(NORMS, "another", {"norm": nn.RMSNorm})
    monkeypatch.setitem(MODELS, "deep", partial(mlp, 9, 100))
    assert [fingerprint(run, carry_of(e)) for e, run in one_of_each()] == before
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


@pytest.mark.parametrize(
    ("path", "name", "older"),
    [
        ("layers/ghost.py", "GhostBatchNorm", {"ghost_16"}),
        ("layers/batch.py", "BatchNorm", {"batch"}),
        ("runs/builders.py", "torch_group_norm", {"torch_group"}),
        ("runs/builders.py", "torch_layer_norm", set()),
    ],
)
def test_a_normalizer_counts_for_the_runs_that_name_it(edited, path, name, older):
    edited.change(path, name)
    norms = ("none", "batch", "torch_group", "ghost_16")
    found = {n for n in norms if edited.makes_older(LENET, replace(OURS, norm=n))}
    assert found - {"ghost_16"} == older - {"ghost_16"}
    assert found >= older  # ghost batches may be made of ours


@pytest.mark.parametrize(
    ("registry", "name", "value"),
    [
        (NORMS, "ghost_16", {"norm": partial(GhostBatchNorm, ghost_size=8)}),
        (NORMS, "ghost_16", {"norm": BatchNorm}),
        (NORMS, "ghost_16", {"norm": nn.BatchNorm1d}),
        (NORMS, "ghost_16", NORMS["ghost_16"] | {"dense_norm": None}),
        (INITS, "gaussian_0.1", partial(INITS["gaussian_0.1"].func, std=0.2)),
        (MODELS, "lenet", partial(MODELS["lenet"], act=nn.ReLU)),
    ],
    ids=[
        "other ghosts",
        "ours",
        "PyTorch's",
        "none when dense",
        "other start",
        "other activation",
    ],
)
def test_a_name_that_stands_for_something_else_counts(
    monkeypatch, registry, name, value
):
    run = replace(OURS, norm="ghost_16", init="gaussian_0.1")
    recorded = fingerprint(run, execute.keep_history)
    monkeypatch.setitem(registry, name, value)
    assert is_older(recorded, run, execute.keep_history)


def kept(model, run):
    """A transform that changes nothing."""
    return lambda *_: None


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("transform", TRANSFORMS),
        ("augment", AUGMENTS),
        ("arrange", ARRANGEMENTS),
        ("schedule", SCHEDULES),
    ],
)
def test_what_a_run_names_counts_where_it_does(monkeypatch, field, known):
    monkeypatch.setitem(known, "mine", partial(kept, 1))
    run = replace(OURS, **{field: "mine"})
    recorded = [fingerprint(r, execute.keep_history) for r in (run, OURS)]
    monkeypatch.setitem(known, "mine", partial(kept, 2))
    assert is_older(recorded[0], run, execute.keep_history)
    assert not is_older(recorded[1], OURS, execute.keep_history)


def test_an_arrangement_is_followed_where_it_is_named(edited):
    edited.change("runs/arrangements.py", "two_classes")
    assert edited.makes_older(LENET, replace(PLAIN, arrange="two_classes"))
    assert not edited.makes_older(LENET, PLAIN)


# What is no change


def test_words_and_layout_do_not_count(edited):
    edited.append("training.py", "\n\n# A remark.\n")
    for path in ("data.py", "runs/batch_size.py"):
        file = edited.folder / path
        file.write_text(ast.unparse(ast.parse(file.read_text())))
    file = edited.folder / "models.py"
    file.write_text(re.sub(r'"""[A-Z]', '"""In other words: X', file.read_text()))
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def test_lists_of_names_and_the_command_line_do_not_count(edited):
    for path in ("layers/__init__.py", "runs/__init__.py"):
        edited.append(path, "\nMORE = 1\n")
    edited.append("data.py", '\nif __name__ == "__main__":\n    print("done")\n')
    edited.change("runs/config.py", "Run")
    assert not any(edited.makes_older(*pair) for pair in one_of_each())


def rename(edited, old, new):
    (edited.folder / old).rename(edited.folder / new)
    then, now = (p.removesuffix(".py").replace("/", ".") for p in (old, new))
    for file in edited.folder.rglob("*.py"):
        text = file.read_text()
        file.write_text(re.sub(rf"\bnormlab\.{then}\b", f"normlab.{now}", text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("training.py", "fitting.py"),
        ("layers/door.py", "layers/entrance.py"),
        ("recorders.py", "runs/recorders.py"),
    ],
)
def test_a_renamed_file_is_not_older_code(edited, old, new):
    rename(edited, old, new)
    pairs = [*one_of_each(), (LENET, OURS)]
    assert not any(edited.makes_older(*pair) for pair in pairs)
    files = [fingerprint(r, carry_of(e), edited.folder).keys() for e, r in pairs]
    assert any(new in names for names in files)
    assert not any(old in names for names in files)


def test_a_moved_definition_is_not_older_code(edited):
    file = edited.folder / "runs" / "rows.py"
    text = file.read_text()
    begin = text.index("def thin(")
    file.write_text(text[:begin])
    moved = "\nimport numpy as np\n\nLOSSES = 500\n\n\n" + text[begin:]
    edited.append("runs/lenet.py", moved)
    own = "runs/batch_size.py"
    edited.replace(own, ", row, thin\n", ", row\n")
    edited.replace(own, "\nSIZES =", "\nfrom normlab.runs.lenet import thin\n\nSIZES =")
    assert not edited.makes_older(BATCH_SIZE, BUILT_IN)


# The first records


def first_form():
    """A fingerprint as the first records have it: one hash a file, none of runs/."""
    folders = [PACKAGE / n for n in ("", "layers", "evaluation", "gradients")]
    files = [file for folder in folders for file in folder.glob("*.py")]
    files = [file for file in files if file.name != "__init__.py"]
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
    edited.append("layers/instance.py", "\n\ndef unused():\n    return 1\n")
    assert first(LENET, replace(OURS, norm="instance"))
    assert not first(LENET, PLAIN)
    assert not first(LENET, BUILT_IN)


def test_first_records_do_not_answer_for_runs(edited, first):
    """They never said anything of these files."""
    edited.change("runs/batch_size.py", "gradient_noise")
    assert not first(BATCH_SIZE, BUILT_IN)


@pytest.mark.parametrize("changed", [False, True])
def test_first_records_survive_a_renamed_file(edited, first, changed):
    rename(edited, "recorders.py", "watchers.py")
    if changed:
        edited.change("watchers.py", "FLAT")
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


# The commit beside it


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("training.py", True),
        ("new.py", True),
        ("layers/door.py", True),
        ("runs/modes.py", True),
        ("figures/style.py", False),
        ("checks/new.py", False),
        ("widgets/base.py", False),
    ],
)
def test_a_commit_is_marked_when_code_that_makes_numbers_changed(
    edited, monkeypatch, path, marked
):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        command = ["git", *who, *arguments]
        subprocess.run(command, cwd=edited.folder, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "as it is")
    monkeypatch.setattr(provenance, "PACKAGE", edited.folder)
    assert "+" not in provenance.commit()
    edited.append(path, "\nX = 1\n")
    assert provenance.commit().endswith("+changes") == marked


# The same in each Python


def tree_of(text):
    return reach._tree(ast.parse(text))


def test_what_one_python_writes_and_another_does_not_is_no_difference():
    """Neighbouring texts of an f-string, empty ones, and fields that are empty."""
    expected = tree_of('f"a{x:{d}}bc"')
    tree = ast.parse('f"a{x:{d}}bc"')
    text = tree.body[0].value
    text.values[-1:] = [ast.Constant("b"), ast.Constant("c"), ast.Constant("")]
    text.values[1].format_spec.values.append(ast.Constant(""))
    assert reach._tree(tree) == expected
    function = ast.parse("def f(x): pass")
    function.body[0].some_field_to_come = []
    function.body[0]._fields += ("some_field_to_come",)
    assert reach._tree(function) == tree_of("def f(x): pass")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('("a", "b")', '("ab",)'),
        ('f"a{x}"', 'f"{x}a"'),
        ("f(1)", "f(True)"),
        ("x = 1", "x = 1.0"),
        ("f(x=None)", "f()"),
        ("def f(): return None", "def f(): return"),
    ],
)
def test_other_code_is_a_difference(one, other):
    assert tree_of(one) != tree_of(other)
