"""The row of buttons above each page: Colab, download, repository, edit, issue."""

from pathlib import Path
from urllib.parse import quote

from .address import colab_url, notebook_path


def add_buttons(app, pagename, templatename, context, doctree):
    """Hand the template the links of this page as a list of dictionaries."""
    options = app.config.html_theme_options
    repository = options["repository_url"]
    context["colab_link"] = None
    context["download_links"] = []
    context["repository_links"] = [link("github", "Repository", repository)]
    source = page_source(app, pagename)
    if source is None:
        return
    if pagename.startswith("notebooks/"):
        chapter = Path(pagename).name
        context["colab_link"] = colab_url(repository, chapter)
        # The same file as on Colab; web/colab writes it when the site is built.
        notebook = context["pathto"](notebook_path(chapter), 1)
        context["download_links"].append(
            link("notebook", "Notebook (.ipynb)", notebook)
        )
    context["download_links"].append(
        link("file", "Source (.md)", context["pathto"](f"_sources/{source}", 1))
    )
    branch = options.get("repository_branch", "main")
    context["repository_links"] += [
        link("pencil", "Suggest an edit", f"{repository}/edit/{branch}/{source}"),
        link("issue", "Open an issue", issue_url(repository, pagename)),
    ]


def link(icon, text, url):
    """Return one entry of a menu."""
    return {"icon": icon, "text": text, "url": url}


def page_source(app, pagename):
    """Return a page's source path, or None for search, index and the like."""
    if pagename not in app.env.found_docs:
        return None
    return Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()


def issue_url(repository, pagename):
    """Return the address of a new issue that already names the page."""
    title = quote(f"On page {pagename}: ")
    return f"{repository}/issues/new?title={title}"
