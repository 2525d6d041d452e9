"""The ledger of claims on the site: its page, its counts elsewhere, its CSV file.

`{ledger}` is the table with its filter, `{verdict-words}` the list of what the words
mean, and the role `{ledger-count}` one count: of all claims, of those tried, or of
those that got a word. A page that uses one is read anew at every build, as the claims
are no part of it.
"""

from collections import Counter
from functools import cache
from pathlib import Path

from docutils import nodes
from jinja2 import Environment, FileSystemLoader
from sphinx.util.docutils import SphinxDirective, SphinxRole

from normlab.evidence import ledger
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.words import MEANINGS, Word

PAGE = "book/claims"
TEMPLATES = Path(__file__).parent / "templates"


@cache
def verdicts():
    """Return the verdict on every claim; judging takes a while, so once a build."""
    return list(judge(CLAIMS.values()).values())


@cache
def rows():
    """Return a row a claim."""
    return ledger.ledger(verdicts())


def render(rows, counts, page_of):
    """Return the ledger's HTML; `page_of` maps a chapter to (address, title)."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("ledger.html").render(
        rows=rows,
        counts=counts,
        sources=Counter(row.source for row in rows),
        page_of=page_of,
        slug=slug,
        csv=Path(PAGE).with_suffix(".csv").name,
    )


def slug(text):
    """Return a text as it stands in an address: small letters, digits and hyphens."""
    letters = (c if c.isalnum() else "-" for c in text.lower())
    return "-".join(filter(None, "".join(letters).split("-")))


class LedgerDirective(SphinxDirective):
    """`{ledger}`: the counts, the filter and the table."""

    def run(self):
        """Return the HTML as it is."""
        self.env.note_reread()
        html = render(rows(), ledger.counts(verdicts()), self.page_of)
        return [nodes.raw("", html, format="html")]

    def page_of(self, chapter):
        """Return the address of a chapter from this page, and its title."""
        name = f"notebooks/{chapter}"
        address = self.env.app.builder.get_relative_uri(self.env.docname, name)
        source = Path(self.env.srcdir, f"{name}.md").read_text("utf-8")
        title = next(ln for ln in source.splitlines() if ln.startswith("# "))
        return address, title.removeprefix("# ")


class WordsDirective(SphinxDirective):
    """`{verdict-words}`: what each word means."""

    def run(self):
        """Return a list of definitions."""
        self.env.note_reread()
        found = nodes.definition_list()
        for word, meaning in MEANINGS.items():
            definition = nodes.definition("", nodes.paragraph(text=meaning))
            found += nodes.definition_list_item("", nodes.term(text=word), definition)
        return [found]


class CountRole(SphinxRole):
    """`{ledger-count}`: how many claims there are: "all", "tried", or with a word."""

    def run(self):
        """Return the number as text."""
        self.env.note_reread()
        counts = ledger.counts(verdicts())
        known = {"all": counts.all, "tried": counts.tried, **counts.words}
        if self.text not in known:
            wanted = ", ".join(["all", "tried", *Word])
            message = f"no count of {self.text!r} in the ledger; there are {wanted}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [nodes.Text(str(known[self.text]))], []


def write_csv(app):
    """Write the ledger as a file beside its page, if the page is in the book."""
    if PAGE in app.env.found_docs:
        path = Path(app.outdir, PAGE).with_suffix(".csv")
        path.write_text(ledger.csv_text(rows()), encoding="utf-8")
