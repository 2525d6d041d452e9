"""The extension's own functions, without a browser."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import tinycss2
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parents[2] / "web"))
from booksite import address, icons, policy, scripts, stamp, stylesheet, tidy


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("https://github.com/Owner/Name", "https://owner.github.io/Name/"),
        ("https://github.com/owner/name.git", "https://owner.github.io/name/"),
        ("https://github.com/owner/owner.github.io", "https://owner.github.io/"),
    ],
)
def test_site_follows_from_the_repository(repository, site):
    assert address.site_url(repository) == site


def commit(folder, *files):
    """Commit files in a folder that git knows, as nobody in particular."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for file in files:
        Path(folder, file).write_text(file + str(len(list(Path(folder).iterdir()))))
    git(folder, "add", "-A")
    git(folder, *who, "commit", "-q", "-m", "x")


def git(folder, *arguments):
    return subprocess.run(
        ["git", "-C", folder, *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_stamp_names_the_last_change_of_each_page(tmp_path):
    git(tmp_path, "init", "-q")
    commit(tmp_path, "a.md", "b.md")
    first = git(tmp_path, "rev-parse", "--short", "HEAD").strip()
    commit(tmp_path, "b.md")
    second = git(tmp_path, "rev-parse", "--short", "HEAD").strip()
    changes = stamp.last_changes(str(tmp_path))
    assert (changes["a.md"][1], changes["b.md"][1]) == (first, second)


def test_stamp_says_nothing_without_git_or_history(tmp_path):
    assert stamp.last_changes(str(tmp_path)) == {}
    full, shallow = tmp_path / "full", tmp_path / "shallow"
    full.mkdir()
    git(full, "init", "-q")
    commit(full, "a.md")
    commit(full, "b.md")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{full}", str(shallow))
    assert stamp.last_changes(str(shallow)) == {}


def test_unused_rules_go_and_used_ones_stay():
    css = ".a{x:1} .a .b{x:2} .c,.a{x:3} p{x:4} @media print{.c{x:5} .a{x:6}}"
    kept = stylesheet.prune(tinycss2.parse_stylesheet(css, skip_whitespace=True), {"a"})
    assert [n for n in range(1, 7) if f"x:{n}" in kept] == [1, 3, 4, 6]


def test_a_class_that_must_be_absent_is_not_required():
    selector = tinycss2.parse_component_value_list("p.a:is(.b:not(.c, .d), .e) > .f")
    assert stylesheet.class_names(selector) == {"a", "f"}


def test_scripts_load_where_they_are_used():
    fold = '<div class="note dropdown admonition">'
    assert scripts.is_wanted("togglebutton.js?v=1", fold)
    assert not scripts.is_wanted("togglebutton.js", '<details class="sd-dropdown">')
    assert not scripts.is_wanted("const THEBE_JS_URL = 1", fold)
    assert scripts.is_wanted("unknown.js", "")


def test_an_unknown_icon_is_an_error():
    page = BeautifulSoup('<i class="fa-solid fa-dragon"></i>', "html.parser")
    with pytest.raises(KeyError, match="dragon"):
        icons.draw_icons(page)


def test_styles_move_to_classes():
    page = BeautifulSoup('<p class="a" style="color: red;">x</p>', "html.parser")
    rules = {}
    tidy.hoist_styles(page, rules)
    (name,) = rules
    assert page.p["class"] == ["a", name]
    assert rules[name].endswith("{color: red}")


@pytest.mark.parametrize("levels", [1, 2])
def test_names_of_an_index_stand_beside_those_of_the_columns(levels):
    index = pd.MultiIndex.from_tuples([("a", "b")], names=["rate", "seed"])
    index = index if levels == 2 else index.droplevel(1)
    frame = pd.DataFrame({"loss": [1.0], "time": [2.0]}, index)
    soup = BeautifulSoup(frame.to_html(), "html.parser")
    tidy.join_header_rows(soup)
    (row,) = soup.select("thead > tr")
    texts = [cell.get_text() for cell in row.find_all("th")]
    assert texts == [*frame.index.names, "loss", "time"]
    assert len(row.select(".index")) == levels


def test_a_header_without_index_names_stays():
    html = pd.DataFrame({"loss": [1.0]}).to_html()
    soup = BeautifulSoup(html, "html.parser")
    tidy.join_header_rows(soup)
    assert str(soup) == str(BeautifulSoup(html, "html.parser"))


@pytest.mark.parametrize(
    ("code", "named"), [("x = 1\nglue(\n    x=x)", True), ("y = glued(x)", False)]
)
def test_a_fold_says_when_it_only_feeds_the_text(code, named):
    fold = (
        '<details class="hide"><summary><p class="collapsed">Show the code</p>'
        f'<p class="expanded">Hide the code</p></summary><pre>{code}</pre></details>'
    )
    soup = BeautifulSoup(fold, "html.parser")
    tidy.name_folded_numbers(soup)
    assert ("numbers" in soup.select_one(".collapsed").get_text()) == named
    assert ("numbers" in soup.select_one(".expanded").get_text()) == named


def test_every_exception_of_the_policy_has_a_reason():
    assert all(reason for _, reason in policy.POLICY.values())


def test_paper_is_light_whatever_the_theme():
    """Rules of the dark theme are for screens; those of the light one print too."""
    css = (
        'html[data-theme="dark"] p{a:1} html[data-theme=light] p{b:2} p{c:3} '
        'html[data-theme="dark"] b, html[data-theme="light"] b, i{d:4}'
    )
    kept = stylesheet.prune(tinycss2.parse_stylesheet(css, skip_whitespace=True), set())
    assert kept.splitlines() == [
        '@media not print{html[data-theme="dark"] p{a:1}}',
        "html[data-theme=light] p{b:2}",
        "@media print{html[data-theme] p{b:2}}",
        "p{c:3}",
        'html[data-theme="light"] b,i{d:4}',
        '@media not print{html[data-theme="dark"] b{d:4}}',
        "@media print{html[data-theme] b{d:4}}",
    ]


@pytest.mark.parametrize(
    ("button", "name"),
    [("Show the code", "Code"), ("Show a solution", "Solution"), ("Why", "Why")],
)
def test_a_fold_has_a_name_on_paper(button, name):
    fold = (
        f'<details class="hide"><summary><p class="collapsed">{button}</p></summary>'
        "<pre>x = 1</pre></details>"
    )
    soup = BeautifulSoup(fold, "html.parser")
    tidy.name_folds_on_paper(soup)
    assert soup.summary["data-paper"] == name
