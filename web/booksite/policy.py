"""The Content-Security-Policy that stands in the head of every page.

It tells the browser to load nothing from elsewhere and to run no script that was not
there when the book was built. `frame-ancestors` is missing because browsers ignore it
in a page; it needs a server's header.
"""

import base64
import hashlib

# directive -> (what it allows, why)
POLICY = {
    "default-src": ("'self'", "everything comes from the site itself"),
    "script-src": (
        "'self'",
        "plus the hash of each script written in that page: the one that sets light "
        "or dark before the first paint and mends storage, settings of the fold "
        "buttons, search focus",
    ),
    "style-src": ("'self'", "styles written in pages are moved to the stylesheet"),
    "img-src": ("'self' data:", "small drawings inside the theme's stylesheet"),
    "object-src": ("'none'", "no plug-ins"),
    "base-uri": ("'self'", "nobody may move the page's links elsewhere"),
    "form-action": ("'self'", "the search form asks only this site"),
}
RUNS = {None, "", "text/javascript", "module", "application/javascript"}


def add_policy(soup):
    """Write the policy into a page; the last step, as it takes the scripts' hashes."""
    allowed = {directive: sources for directive, (sources, _) in POLICY.items()}
    hashes = sorted(
        {script_hash(script.string or "") for script in inline_scripts(soup)}
    )
    allowed["script-src"] = " ".join([allowed["script-src"], *hashes])
    meta = soup.new_tag("meta")
    meta["http-equiv"] = "Content-Security-Policy"
    meta["content"] = "; ".join(f"{d} {sources}" for d, sources in allowed.items())
    charset = soup.head.find("meta", charset=True)
    charset.insert_after(meta) if charset else soup.head.insert(0, meta)


def inline_scripts(soup):
    """Return the scripts that stand in the page and run (data blocks do not)."""
    return [
        script
        for script in soup.find_all("script", src=False)
        if script.get("type") in RUNS
    ]


def script_hash(text):
    """Return a script's hash in the form that the policy wants."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
