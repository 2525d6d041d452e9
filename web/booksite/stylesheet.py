"""One stylesheet for the book: what the theme and extensions bring, less the unused.

The theme alone brings 300 KB of rules in a dozen files, most of them for things the
book does not have. A rule stays when every class it names stands on some page or in
some script of the site.
"""

import re
from itertools import pairwise
from pathlib import Path

import tinycss2

# The theme links these three by itself, ahead of all others.
FIRST = ["styles/theme.css", "styles/bootstrap.css", "styles/pydata-sphinx-theme.css"]
UNUSED = {"sphinx-thebe.css": "no live kernel"}
NESTED = {"media", "supports", "layer", "container"}
DARK, LIGHT = (re.compile(rf"\[data-theme=.?{name}.?\]") for name in ("dark", "light"))
DROPPED = {"font-face", "charset", "import"}  # the icon font; text uses system fonts


def collect_stylesheets(app, pagename, templatename, context, doctree):
    """Remember the stylesheets that extensions register, in their order."""
    names = [str(css.filename).split("?")[0] for css in context.get("css_files", [])]
    for name in names:
        app.booksite_css[name.removeprefix("_static/")] = None


def join_stylesheets(site, names, used):
    """Return the text of all stylesheets with the rules for `used` class names."""
    parts = []
    for name in dict.fromkeys([*FIRST, *names]):
        file = Path(site, "_static", name)
        if name.rsplit("/", 1)[-1] not in UNUSED and file.exists():
            rules = tinycss2.parse_stylesheet(
                file.read_text("utf-8"), skip_comments=True, skip_whitespace=True
            )
            parts.append(prune(rules, used))
    return "\n".join(parts)


def prune(rules, used):
    """Serialize a list of rules, leaving out those that nothing can match."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = wanted_selectors(rule.prelude, used)
            kept += light_on_paper(selectors, compact(rule.content))
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED:
            inside = prune(
                tinycss2.parse_rule_list(
                    rule.content, skip_comments=True, skip_whitespace=True
                ),
                used,
            )
            if inside:
                head = tinycss2.serialize(rule.prelude)
                kept.append(f"@{rule.at_keyword}{head}{{{inside}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword not in DROPPED:
            kept.append(rule.serialize())
    return "\n".join(kept)


def wanted_selectors(prelude, used):
    """List the selectors of a rule whose class names are all in use."""
    selectors = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    wanted = [s for s in selectors if class_names(s) <= used]
    return [tinycss2.serialize(s).strip() for s in wanted]


def light_on_paper(selectors, content):
    """Return a rule as text: what is of the dark theme for screens alone, what is of
    the light theme for paper too, where its selector is as strong as on a screen.
    """
    dark = [s for s in selectors if DARK.search(s)]
    others = [s for s in selectors if s not in dark]
    light = [LIGHT.sub("[data-theme]", s) for s in others if LIGHT.search(s)]
    parts = [
        ("{}", others),
        ("@media not print{{{}}}", dark),
        ("@media print{{{}}}", light),
    ]
    return [
        form.format(f"{','.join(names)}{{{content}}}") for form, names in parts if names
    ]


def class_names(selector):
    """Return the classes that an element must have for the selector to match.

    What stands in :is(...) or :not(...) is one token each, and not required.
    """
    return {
        name.value
        for dot, name in pairwise(selector)
        if dot == "." and name.type == "ident"
    }


def compact(content):
    """Serialize declarations without comments and without spare white space."""
    text = tinycss2.serialize([token for token in content if token.type != "comment"])
    return re.sub(r"\s+", " ", text).strip()


def names_in_use(site, pages):
    """Return every class on a page, and every word of a script that may set one."""
    used = {
        name
        for soup in pages.values()
        for e in soup.select("[class]")
        for name in e["class"]
    }
    scripts = [
        *Path(site, "_static").rglob("*.js"),
        *Path(site, "assets").rglob("*.js"),
    ]
    for script in scripts:
        used |= set(re.findall(r"[A-Za-z_][\w-]*", script.read_text("utf-8", "ignore")))
    return used
