"""When a page last changed, and in which commit, as git tells it."""

import subprocess
from functools import cache

from .buttons import page_source


def add_stamp(app, pagename, templatename, context, doctree):
    """Give the footer the date and the commit of the page's last change, if known."""
    source = page_source(app, pagename)
    context["stamp"] = last_changes(str(app.srcdir)).get(source) if source else None


@cache
def last_changes(folder):
    """Map each file to (date, short commit) of its last change.

    Empty without git, and in a shallow clone, where every file would seem to have
    changed in the one commit that is there.
    """
    if git(folder, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    history = git(folder, "log", "--format=%x00%cs %h", "--name-only", "--relative")
    changes = {}
    for entry in history.split("\0")[1:]:
        head, *files = entry.strip().splitlines()
        for file in filter(None, files):
            changes.setdefault(file, tuple(head.split()))
    return changes


def git(folder, *arguments):
    """Return what git prints, or nothing where git or the history is missing."""
    try:
        result = subprocess.run(
            ["git", "-C", folder, "-c", "core.quotepath=off", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return result.stdout
