"""The Content-Security-Policy as written: strict, and true to the page."""

import base64
import hashlib
import json

RUNS = {None, "", "text/javascript", "module"}


def policy(soup):
    """Return the page's policy as {directive: [sources]}."""
    metas = soup.select('meta[http-equiv="Content-Security-Policy"]')
    assert len(metas) == 1, "a page needs one policy"
    assert metas[0].find_previous("script") is None, "a script stands before the policy"
    parts = [part.split() for part in metas[0]["content"].split(";")]
    return {name: sources for name, *sources in parts}


def test_redirect_has_a_policy(soups):
    assert policy(soups["index.html"])["default-src"] == ["'self'"]


def test_policy_is_strict(page_name, soups):
    rules = policy(soups[page_name])
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["base-uri"] == ["'self'"]
    assert rules["form-action"] == ["'self'"]
    sources = {source for allowed in rules.values() for source in allowed}
    outside = {s for s in sources if not s.startswith(("'self'", "'none'", "'sha256-"))}
    assert outside <= {"data:"}
    assert "data:" not in rules["script-src"]


def test_scripts_in_the_page_are_the_allowed_ones(page_name, soups):
    soup = soups[page_name]
    found = set()
    for script in soup.find_all("script", src=False):
        if script.get("type") in RUNS:
            digest = hashlib.sha256((script.string or "").encode()).digest()
            found.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    assert found == set(policy(soup)["script-src"]) - {"'self'"}


def test_make_serve_sends_the_policy_of_each_page(site, soups):
    """A header says the same as the page, and who may show the page in a frame."""
    told = json.loads((site / "serve.json").read_text("utf-8"))["headers"]
    sent = {
        entry["source"]: header["value"]
        for entry in told
        for header in entry["headers"]
        if header["key"] == "Content-Security-Policy"
    }
    workers = sent.pop("assets/widgets/worker.*.js").split("; ")
    assert workers == ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'"]
    assert list(site.glob("assets/widgets/worker.*.js"))
    assert len(sent) == len(
        [p for p in site.rglob("*.html") if "_static" not in p.parts]
    )
    for name, soup in soups.items():
        (meta,) = soup.select('meta[http-equiv="Content-Security-Policy"]')
        assert sent[name] == f"{meta['content']}; frame-ancestors 'self'"


def test_no_style_or_handler_in_the_page(page_name, soups):
    soup = soups[page_name]
    assert soup.select("style, [style]") == []
    handlers = [k for e in soup.find_all(True) for k in e.attrs if k.startswith("on")]
    assert handlers == []
