"""What is planted in a page is noticed, so that silence means something."""

import re

import pytest
from drivers import DRIVERS, PACKAGES, WIDTH, program
from survey import PHONE, faults
from watched import watched

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'">
<title>Planted</title><link rel="icon" href="picture.svg">
<link rel="stylesheet" href="style.css"></head><body>{}</body></html>"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
STYLE = "body { margin: 0 } .tall { height: 3000px }"
ELSEWHERE = "http://127.0.0.2:9/a.png"
STILL = '<div class="bn-widget" id="widget-a"><img class="bn-still" src="picture.svg">'
IN_VIEW = """new IntersectionObserver((entries) => {
  if (entries[0].isIntersecting) throw Error("planted");
}).observe(document.querySelector("p"));"""
SCRIPTED = {  # a script -> what is said of it, after "desk" and "phone"
    "throw Error('planted')": {"error"},
    "Promise.reject(Error('planted'))": {"error"},
    "console.error('planted')": {"console"},
    f"fetch('{ELSEWHERE}').catch(() => 0)": {"not loaded", "blocked"},
    "fetch('none.json')": {"missing"},
    "new Worker('none.js')": {"missing"},
    IN_VIEW: {"error"},
}
WRITTEN = {  # a part of the page -> the same
    "<script>document.title = 'planted'</script>": {"blocked"},
    "<p style='color: red'>planted</p>": {"blocked"},
    f"<img src='{ELSEWHERE}'>": {"blocked", "not loaded", "no picture"},
    "<img src='none.png'>": {"missing", "not loaded", "no picture"},
    "<div class='tall'></div><img loading='lazy' src='none.png'>": {
        "missing",
        "not loaded",
        "no picture",
    },
    "<script src='none.js'></script>": {"missing", "not loaded"},
    "<link rel='stylesheet' href='none.css'>": {"missing", "not loaded"},
    STILL: {"not drawn"},
    f"{STILL}<div class='bn-live'><p>live</p></div>": {"not drawn"},
}


@pytest.fixture
def plant(tmp_path, browser):
    """Make a page of these parts; return what the survey says of it."""

    def look(body, script="", style=""):
        (tmp_path / "picture.svg").write_text(PICTURE)
        (tmp_path / "style.css").write_text(STYLE + style)
        (tmp_path / "script.js").write_text(script)
        page = PAGE.format(body + '<script src="script.js"></script>')
        for name in ("page.html", "404.html"):
            (tmp_path / name).write_text(page)
        with watched(tmp_path, "/") as site:
            return faults(browser, site, "page.html", patience=300)

    return look


def kinds(found):
    """What the faults are; those of a page are seen at both widths."""
    at = {
        w: {f.split(": ")[0].removeprefix(w) for f in found if f.startswith(w)}
        for w in ("desk, ", "phone, ")
    }
    assert at["desk, "] == at["phone, "]
    rest = {f.split(": ")[0] for f in found if not re.match("desk, |phone, ", f)}
    return at["desk, "] | rest


def test_a_whole_page_has_no_fault(plant, browser):
    live = "<div class='bn-live'><p>live</p></div>"
    assert plant(f"<img src='picture.svg'><div class='bn-widget'>{live}</div>") == []
    browser.open("about:blank")
    assert browser.run("() => innerWidth") == WIDTH


@pytest.mark.parametrize("script", SCRIPTED)
def test_a_fault_in_a_script_is_noticed(script, plant):
    body = "<div class='tall'></div><p>the end</p>"
    assert kinds(plant(body, script)) == SCRIPTED[script]


@pytest.mark.parametrize("part", WRITTEN)
def test_a_fault_in_a_page_is_noticed(part, plant):
    assert kinds(plant(part)) == WRITTEN[part]


@pytest.mark.parametrize(
    ("wide", "where"),
    [
        (PHONE, []),
        (PHONE + 2, ["phone"]),
        (WIDTH, ["phone", "phone"]),  # upright and turned
        (WIDTH + 2, ["desk", "phone", "phone"]),
    ],
)
def test_a_part_that_is_too_wide_is_noticed(wide, where, plant):
    found = plant("<p class='wide'>a</p>", style=f".wide {{ width: {wide}px }}")
    assert [fault.split(":")[0] for fault in found] == [f"{w}, too wide" for w in where]
    assert all("P.wide" in fault for fault in found)


def test_a_fault_in_a_phone_that_is_turned_is_noticed(plant):
    (found,) = plant("", "onresize = () => { throw Error('planted') }")
    assert found.startswith("phone, error") and "planted" in found


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_program_names_its_package(name, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssertionError, match=f"apt-get install {PACKAGES[name]}"):
        program(name)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_missing_browser_fails(name, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssertionError, match="apt-get install"), DRIVERS[name]():
        pass
