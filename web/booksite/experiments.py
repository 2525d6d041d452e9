"""The table of recorded experiments, from their definitions and their records."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from normlab.runs import EXPERIMENTS
from normlab.runs.store import records

HEAD = ("experiment", "its question", "runs", "seeds", "on one core")


class ExperimentsDirective(SphinxDirective):
    """`{experiments}`: a row an experiment; the page is read anew at every build."""

    def run(self):
        """Return the table."""
        self.env.note_reread()
        return [table(HEAD, [row(experiment) for experiment in EXPERIMENTS.values()])]


def row(experiment):
    """Return what the table says of one experiment, as text."""
    done = records(experiment.name).values()
    seconds = sum(record["provenance"]["seconds"] for record in done)
    wanted = len(experiment.runs())
    runs = f"{wanted}" if len(done) >= wanted else f"{len(done)} of {wanted}"
    time = duration(seconds) if done else "not recorded yet"
    return experiment.name, experiment.question, runs, f"{experiment.seeds}", time


def duration(seconds):
    """Return how long that is, in words."""
    minutes = seconds / 60
    if minutes < 1:
        return "under a minute"
    if minutes < 100:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours"


def table(head, rows):
    """Return a table of texts; the first of each row is a name in code."""
    group = nodes.tgroup("", *(nodes.colspec() for _ in head), cols=len(head))
    group += nodes.thead("", line(head, nodes.Text))
    body = nodes.tbody()
    for first, *rest in rows:
        entries = line(rest, nodes.Text)
        entries.insert(0, cell(nodes.literal(text=first)))
        body += entries
    group += body
    return nodes.table("", group)


def line(texts, kind):
    """Return a row of a table."""
    return nodes.row("", *(cell(kind(text)) for text in texts))


def cell(content):
    """Return an entry of a table."""
    return nodes.entry("", nodes.paragraph("", "", content))
