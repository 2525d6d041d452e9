"""The book's own Sphinx extension: what Jupyter Book does not do by itself.

While pages are rendered, `address`, `buttons`, `scripts` and `stamp` fill in what
the templates beside them print. When every page is written, `finish` goes over the
HTML once more: formulas, icons, tables, one stylesheet, the security policy. Each
step is a function in a module of its own. `ledger` and `experiments` fill in what a
page says of claims and of recorded runs.
"""

from pathlib import Path

from sphinx.errors import ExtensionError

from normlab.runs import store

from . import (
    address,
    buttons,
    description,
    experiments,
    finish,
    ledger,
    maths,
    scripts,
    stamp,
    stylesheet,
)

EARLY = 100  # before sphinxext-opengraph, which takes over what it finds
LATE = 900  # after the theme and the other extensions have filled the context


def setup(app):
    """Connect the steps to Sphinx's events."""
    app.booksite_css = {}
    app.add_config_value("booksite_description", "", "html")
    app.add_html_math_renderer("booksite", *maths.RENDERERS)
    app.add_directive("ledger", ledger.LedgerDirective)
    app.add_directive("verdict-words", ledger.WordsDirective)
    app.add_directive("ledger-counts", ledger.CountsDirective)
    app.add_directive("rules-first", ledger.RulesDirective)
    app.add_directive("one-card", ledger.CardDirective)
    app.add_role("ledger-count", ledger.CountRole())
    app.add_directive("experiments", experiments.ExperimentsDirective)
    app.connect("config-inited", refuse_rehearsals)
    app.connect("config-inited", use_own_templates)
    app.connect("config-inited", address.set_addresses)
    app.connect("builder-inited", write_every_page)
    app.connect("doctree-resolved", ledger.link_sources)
    app.connect("html-page-context", description.add_description, priority=EARLY)
    app.connect("html-page-context", buttons.add_buttons, priority=LATE)
    app.connect("html-page-context", scripts.choose_scripts, priority=LATE)
    app.connect("html-page-context", stylesheet.collect_stylesheets, priority=LATE)
    app.connect("html-page-context", stamp.add_stamp, priority=LATE)
    app.connect("build-finished", finish.finish_site, priority=LATE)
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def use_own_templates(app, config):
    """Let the templates beside this file win over the theme's of the same name."""
    config.templates_path.insert(0, str(Path(__file__).parent / "templates"))


def write_every_page(app):
    """Make Sphinx write all pages anew, because `finish` looks at them together.

    A page left from the last build would be finished twice. Cells are not executed
    again; writing takes about a tenth of a second a page.
    """
    if app.builder.format == "html":
        app.builder.get_outdated_docs = lambda: sorted(app.env.found_docs)


def refuse_rehearsals(app, config):
    """Stop where the recorded runs are a rehearsal's, a tenth of a training long."""
    if store.folder().name == store.QUICK:
        raise ExtensionError(
            f"NORMLAB_RESULTS is {store.folder()}, where --quick leaves rehearsals; "
            "the book reads recorded runs only: unset it"
        )
