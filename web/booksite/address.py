"""Where the book lives: every address follows from the repository's.

The repository stands in `_config.yml`; GITHUB_REPOSITORY (owner/name, set by a
publishing workflow) wins over it, so that a fork publishes without an edit.
"""

import os

PUBLISHED_BRANCH = "gh-pages"  # the branch that the site and the notebooks go to


def set_addresses(app, config):
    """Derive the site's address and all that hangs on it from the repository's."""
    options = config.html_theme_options
    if os.environ.get("GITHUB_REPOSITORY"):
        options["repository_url"] = (
            f"https://github.com/{os.environ['GITHUB_REPOSITORY']}"
        )
    base = site_url(options["repository_url"])
    config.html_baseurl = base
    config.ogp_site_url = base
    config.ogp_image = base + "assets/og.png"
    config.notfound_urls_prefix = "/" + base.split("/", 3)[3]


def owner_and_name(repository_url):
    """Split https://github.com/owner/name into its last two parts."""
    return repository_url.rstrip("/").removesuffix(".git").rsplit("/", 2)[1:]


def site_url(repository_url):
    """Return the address of the published site, with a slash at the end."""
    owner, name = owner_and_name(repository_url)
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def notebook_path(chapter):
    """Return where a chapter's notebook lies, from the root of site and branch."""
    return f"colab/{chapter}.ipynb"


def colab_url(repository_url, chapter):
    """Return the address that opens a chapter's published notebook in Colab."""
    owner, name = owner_and_name(repository_url)
    return (
        "https://colab.research.google.com/github/"
        f"{owner}/{name}/blob/{PUBLISHED_BRANCH}/{notebook_path(chapter)}"
    )
