"""The ledger of claims on the site: its page, its counts elsewhere, its CSV file.

`{ledger}` is the table with its filter, `{verdict-words}` the list of what the words
mean, `{ledger-counts}` the counts by word, `{rules-first}` how many rules were written
before their runs, `{one-card} ID` a card outside its chapter, and the role
`{ledger-count}` one count: of all claims, or of those tried. A page that uses one is
read anew at every build, as the claims are no part of it.
"""

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from jinja2 import Environment, FileSystemLoader
from sphinx.util.docutils import SphinxDirective, SphinxRole

from normlab.evidence import card, ledger
from normlab.evidence.claim import OURS
from normlab.evidence.claims import CLAIMS
from normlab.evidence.judge import judge
from normlab.evidence.pages import title
from normlab.evidence.registry import rules_first
from normlab.evidence.sources import called
from normlab.evidence.words import MEANINGS
from normlab.widgets.rerun.asked import ASKED

PAGE, OWN_RUNS = "book/claims", "notebooks/run-claims"
TEMPLATES = Path(__file__).parent / "templates"


@cache
def verdicts():
    """Return the verdict on every claim; judging takes a while, so once a build."""
    return list(judge(CLAIMS.values()).values())


@cache
def rows():
    """Return a row a claim."""
    return ledger.ledger(verdicts())


def template(name):
    """Return one of the templates beside this file."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def render(rows, verdicts, page_of, rerun_of=lambda claim: ""):
    """Return the ledger's HTML; `page_of` maps a claim to its page's address and title.

    `rerun_of` maps it to where a reader may run it, "" if nowhere.
    A source's link is `cite:KEY`, which `link_sources` replaces.
    """
    return template("ledger.html").render(
        rows=rows,
        counts=ledger.counts(verdicts),
        by_whose=ledger.by_whose(verdicts),
        reasons=ledger.reasons(verdicts),
        sources=ledger.sources(rows),
        ours=called(OURS),
        page_of=page_of,
        rerun_of=rerun_of,
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
        html = render(rows(), verdicts(), self.page_of, self.rerun_of)
        return [nodes.raw("", html, format="html")]

    def page_of(self, claim):
        """Return the address of a claim's page, or of its card there, and the title."""
        name = f"notebooks/{claim.chapter}"
        address = self.env.app.builder.get_relative_uri(self.env.docname, name)
        source = Path(self.env.srcdir, f"{name}.md").read_text("utf-8")
        if f'"{claim.id}"' in source:
            address = f"{address}#{claim.anchor}"
        return address, title(claim.chapter)

    def rerun_of(self, claim):
        """Return the address at which a reader's browser tries the claim, or ""."""
        if claim.id not in {asked.claim for asked in ASKED}:
            return ""
        uri = self.env.app.builder.get_relative_uri
        address = uri(self.env.docname, OWN_RUNS)
        return f"{address}#widget-claims?claim=%22{claim.id}%22"


class CountsDirective(SphinxDirective):
    """`{ledger-counts}`: how many claims got each word, others' and this book's."""

    def run(self):
        """Return the table."""
        self.env.note_reread()
        html = template("counts.html").render(by_whose=ledger.by_whose(verdicts()))
        return [nodes.raw("", html, format="html")]


class RulesDirective(SphinxDirective):
    """`{rules-first}`: how many rules were written before their runs."""

    def run(self):
        """Return a paragraph."""
        self.env.note_reread()
        return [nodes.paragraph(text=rules_first(CLAIMS.values()))]


class CardDirective(SphinxDirective):
    """`{one-card} ID`: a claim's card as an example; its place is its chapter."""

    required_arguments = 1

    def run(self):
        """Return the card without its name, which links lead to."""
        self.env.note_reread()
        name = self.arguments[0]
        html = card(name)._repr_html_().replace(f' id="{CLAIMS[name].anchor}"', "", 1)
        return [nodes.raw("", html, format="html")]


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
    """`{ledger-count}`: how many claims there are: "all" or "tried"."""

    def run(self):
        """Return the number as text."""
        self.env.note_reread()
        counts = ledger.counts(verdicts())
        known = {"all": counts.all, "tried": counts.tried}
        if self.text not in known:
            message = f"no count of {self.text!r} in the ledger; say all or tried"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [nodes.Text(str(known[self.text]))], []


def link_sources(app, doctree, docname):
    """Let the sources' names in the ledger lead to the references.

    Where these stand is known when all pages are read. A name whose work is not listed
    there stays text.
    """
    if docname != PAGE:
        return
    address = app.builder.get_relative_uri
    places = {
        c.key: f"{address(docname, c.bibliography_key.docname)}#{c.citation_id}"
        for c in app.env.get_domain("cite").citations
    }

    def link(found):
        key, name = found.groups()
        return f'<a href="{places[key]}">{name}</a>' if key in places else name

    for node in doctree.findall(nodes.raw):
        text = re.sub(r'<a href="cite:([^"]+)">(.*?)</a>', link, node.astext())
        node.children = [nodes.Text(text)]
        node.rawsource = text


def write_csv(app):
    """Write the ledger as a file beside its page, if the page is in the book.

    The mark at its start tells spreadsheets that it is UTF-8.
    """
    if PAGE in app.env.found_docs:
        path = Path(app.outdir, PAGE).with_suffix(".csv")
        path.write_text(ledger.csv_text(rows()), encoding="utf-8-sig")
