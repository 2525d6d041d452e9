"""The Content-Security-Policy that stands in the head of every page.

It tells the browser to load nothing from elsewhere and to run no script that was not
there when the book was built. `frame-ancestors` is missing because browsers ignore it
in a page; it needs a server's header. `make serve` sends such headers, each page's own
policy and one for workers: a worker obeys what its own script came with, and the one
that trains LeNet compiles WebAssembly, which 'wasm-unsafe-eval' allows. (It allows no
text to become JavaScript.) A server without headers leaves workers without a policy.
"""

import base64
import hashlib
import json

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
FRAMES = "frame-ancestors 'self'"  # no other site may show a page inside its own
WORKERS = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
RUNS = {None, "", "text/javascript", "module", "application/javascript"}


def add_policy(soup):
    """Write the policy into a page and return it.

    The last step, as it takes the scripts' hashes.
    """
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
    return meta["content"]


def send_policies(site, policies):
    """Add headers to what `make serve` sends: `policies` maps pages to theirs."""
    file = site / "serve.json"
    settings = json.loads(file.read_text("utf-8"))
    sent = {
        page.relative_to(site).as_posix(): f"{policy}; {FRAMES}"
        for page, policy in policies.items()
    }
    sent["assets/widgets/worker.*.js"] = WORKERS
    for source, value in sorted(sent.items()):
        header = {"key": "Content-Security-Policy", "value": value}
        settings["headers"].append({"source": source, "headers": [header]})
    file.write_text(json.dumps(settings, indent=1), encoding="utf-8")


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
