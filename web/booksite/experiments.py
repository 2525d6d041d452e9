"""The table of recorded experiments, and its sum, from what is defined and recorded."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from normlab.runs import EXPERIMENTS
from normlab.runs.store import records

HEAD = ("experiment", "its question", "runs", "seeds", "on one core")


class ExperimentsDirective(SphinxDirective):
    """`{experiments}`: a row an experiment; the page is read anew at every build."""

    def run(self):
        """Return the table, and what it adds up to."""
        self.env.note_reread()
        rows = [row(experiment) for experiment in EXPERIMENTS.values()]
        done = [records(name).values() for name in EXPERIMENTS]
        time = duration(sum(map(seconds_of, done)))
        total = f"Together {sum(map(len, done)):,} recorded runs, {time} on one core."
        return [table(HEAD, rows), nodes.paragraph(text=total)]


def seconds_of(done):
    """Return how long recorded runs took together."""
    return sum(record["provenance"]["seconds"] for record in done)


def row(experiment):
    """Return what the table says of one experiment, as text."""
    done = records(experiment.name).values()
    seconds = seconds_of(done)
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
