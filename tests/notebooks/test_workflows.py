"""What runs elsewhere names only what exists here."""

import re
import shutil
import subprocess

import pytest
import yaml

from .conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKE = re.compile(r"\bmake +([a-z][\w-]*)")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
OFFICIAL = re.compile(r"actions/(checkout|setup-python|upload-artifact)@v\d+")
CALLS = ("-j2 -O book test-avx2", "test", "test-browsers", "test-clusters")
TARGETS = [word for call in CALLS for word in call.split() if word[0] != "-"]
PROGRAMS = {  # program -> Debian's package
    "chromium": "chromium",
    "firefox-esr": "firefox-esr",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
}

# What make says of a target that fails; another one beside it goes on.
BROKEN = "make: *** [Makefile:9: {}] Error 1"
FAIL = """case " $* " in *" {0} "*)
  echo 'FAILED {0}'; echo '{1}'
  case "$*" in *" -O "*) echo "all went well" ;; esac
  exit 2 ;;
esac"""

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def targets():
    return set(TARGET.findall((ROOT / "Makefile").read_text()))


def steps(path):
    """Return every step of a workflow."""
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def scripts(path):
    return [step["run"] for step in steps(path) if "run" in step]


def test_the_three_workflows_are_there():
    names = [path.stem for path in WORKFLOWS]
    assert names == ["linkcheck", "publish", "test"]


@each_workflow
def test_make_targets_exist(path):
    called = {target for script in scripts(path) for target in MAKE.findall(script)}
    assert called, "a workflow builds with make, as readers do"
    assert called <= targets()


@each_workflow
def test_actions_are_official_and_pinned_by_major_version(path):
    for step in steps(path):
        if "uses" in step:
            assert OFFICIAL.fullmatch(step["uses"]), step["uses"]


@each_workflow
def test_permissions_are_the_least(path):
    workflow = yaml.safe_load(path.read_text())
    assert "write" not in str(workflow["permissions"])
    for job in workflow["jobs"].values():
        writes = [k for k, v in job.get("permissions", {}).items() if v == "write"]
        allowed = {"publish": ["contents"], "linkcheck": ["issues"], "test": []}
        assert writes == allowed[path.stem]


@each_workflow
def test_scripts_are_sound_bash(path):
    for script in scripts(path):
        plain = re.sub(r"\$\{\{.*?\}\}", "x", script)
        subprocess.run(["bash", "-n"], input=plain, text=True, check=True)


def test_publishing_puts_notebooks_where_the_buttons_point():
    from web.booksite.address import PUBLISHED_BRANCH, colab_url

    url = colab_url("https://github.com/a/b", "lenet")
    assert url.endswith(f"/a/b/blob/{PUBLISHED_BRANCH}/colab/lenet.ipynb")
    assert re.search(
        r"^NOTEBOOKS := _build/html/colab/", (ROOT / "Makefile").read_text(), re.M
    )
    steps_of_publish = steps(ROOT / ".github/workflows/publish.yml")
    assert steps_of_publish[-1]["working-directory"] == "_build/html"
    publish = steps_of_publish[-1]["run"]
    assert re.search(rf'GITHUB_REPOSITORY" {PUBLISHED_BRANCH}$', publish, re.MULTILINE)


def test_browsers_come_with_one_pinned_debian():
    job = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"][
        "browsers"
    ]
    assert re.fullmatch(r"debian:\d+\.\d+", job["container"]["image"])
    script = "\n".join(step.get("run", "") for step in job["steps"])
    assert set(PROGRAMS.values()) - {"chromium"} <= set(script.split())
    assert MAKE.findall(script) == ["test-browsers"]


def broken(target):
    """The line of make; the book is no file, but made of one."""
    return BROKEN.format({"book": "_build/html/.built"}.get(target, target))


@pytest.fixture
def bare(tmp_path):
    """Run `.ci/run` where `make` and `apt-get` only note what they are asked for."""
    for tool in ("bash", "dirname", "env", "grep", "mktemp", "rm", "tee"):
        (tmp_path / tool).symlink_to(shutil.which(tool))

    def stub(name, script=""):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} $*\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def run(lacking=(), failing=None):
        for name in {"git", "python3", *PROGRAMS} - set(lacking):
            stub(name)
        stub("apt-get")
        stub("make", FAIL.format(failing, broken(failing)))
        result = subprocess.run(
            [ROOT / ".ci" / "run"],
            env={"PATH": str(tmp_path), "FASHION_MNIST_DIR": "somewhere"},
            capture_output=True,
            text=True,
        )
        return result.returncode, result.stdout.splitlines()

    return run


def test_bare_machine_script_runs_every_test(bare):
    assert set(TARGETS) <= targets()
    assert {target for target in targets() if target.startswith("test")} <= set(TARGETS)
    code, said = bare()
    assert code == 0
    assert said[-len(CALLS) :] == [f"make {call}" for call in CALLS]


@pytest.mark.parametrize("failing", TARGETS)
def test_bare_machine_script_stops_at_a_failure_with_the_tests_words(bare, failing):
    code, said = bare(failing=failing)
    assert code != 0
    assert said[-1] == (broken("book") if failing == "book" else f"FAILED {failing}")
    made = [line.removeprefix("make ") for line in said if line.startswith("make ")]
    (last,) = [at for at, call in enumerate(CALLS) if failing in call.split()]
    assert made == list(CALLS[: last + 1])


@pytest.mark.parametrize("program", PROGRAMS)
def test_bare_machine_script_installs_a_browser_that_is_missing(bare, program):
    code, said = bare(lacking=[program])
    assert code == 0
    assert any(
        line.startswith("apt-get install") and line.endswith(PROGRAMS[program])
        for line in said
    )


def test_address_of_the_repository_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    owner_and_name = config["repository"]["url"].split("/", 3)[3]
    tracked = subprocess.run(
        ["git", "grep", "--files-with-matches", "--untracked", "-F", owner_and_name],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert tracked.stdout.split() == ["_config.yml"]
