"""Every piece of MyST that the chapters may use, as plain Markdown."""

import pytest

from web.colab.errors import ConversionError
from web.colab.macros import expand
from web.colab.references import reference_list

from .conftest import DOT

SITE = "https://someone.github.io/small-book"
GLOSSARY = f"{SITE}/book/index.html#term-Batch"
SECOND = f"{SITE}/notebooks/second.html"
IMAGE = f'<img src="data:image/png;base64,{DOT}" alt="{{}}" width="1">'


def mark(name):
    return f'<a id="{name}" name="{name}"></a>'


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("{term}`batch`", f"[batch]({GLOSSARY})"),
        ("{term}`the batches <Batch>`", f"[the batches]({GLOSSARY})"),
        (
            "{term}`He's weights`",
            f"[He's weights]({SITE}/book/index.html#term-He-s-weights)",
        ),
        ("{cite:p}`one`", "([Lovelace 1843](#reference-one))"),
        ("{cite:t}`two`", "[Müller and Lovelace (1998)](#reference-two)"),
        (
            "{cite:p}`one,\n three`",
            "([Lovelace 1843](#reference-one); [Uno et al. 2001](#reference-three))",
        ),
        ("{cite:t}`many`", "[Uno et al. (2002)](#reference-many)"),
        ("{doc}`second`", f"[The second chapter]({SITE}/notebooks/second.html)"),
        ("{doc}`that <second>`", f"[that]({SITE}/notebooks/second.html)"),
        ("[](second.md)", f"[The second chapter]({SITE}/notebooks/second.html)"),
        (
            "[*x*](second.md#over-there)",
            f"[*x*]({SITE}/notebooks/second.html#over-there)",
        ),
        ("[home](../book/index.md)", f"[home]({SITE}/book/index.html)"),
        ("[](#sec-there)", f"[Over there]({SITE}/notebooks/second.html#sec-there)"),
        ("[](second.md#there)", f"[The second chapter]({SECOND}#there)"),
        (
            '<a href="#widget-five?x=[1,2]&amp;norm=&quot;none&quot;">so</a>',
            f"[so]({SITE}/notebooks/first.html#widget-five?x=%5B1,2%5D&norm=%22none%22)"
            " (on the site)",
        ),
        (  # encoded already
            '<a href="#widget-five?norm=%22none%22&x=%5B1%5D">so</a>',
            f"[so]({SITE}/notebooks/first.html#widget-five?norm=%22none%22&x=%5B1%5D) "
            "(on the site)",
        ),
        (  # once a paragraph
            '<a href="#widget-five?x=1">a</a>, <a href="#widget-five?x=2">b</a>',
            f"[a]({SITE}/notebooks/first.html#widget-five?x=1) (on the site), "
            f"[b]({SITE}/notebooks/first.html#widget-five?x=2)",
        ),
        ("{ref}`sec-there`", f"[Over there]({SECOND}#sec-there)"),
        ("{eq}`eq-b`", f"[(6)]({SECOND}#equation-eq-b)"),
        (
            "[code](../normlab/data.py)",
            "[code](https://github.com/Someone/small-book/blob/main/normlab/data.py)",
        ),
        ("[out](https://example.org/a_(b))", "[out](https://example.org/a_(b))"),
        ("![Alt *text*](img/a.svg)", f"![Alt *text*]({SITE}/_images/a.svg)"),
        ("![Alt](a.svg){width=50%}", f"![Alt]({SITE}/_images/a.svg)"),
        ("It was {glue:text}`gap`%.", "It was 1.5%."),
        ("{math}`x^2`", "$x^2$"),
        (r"{math}`\E x`", r"$\operatorname{E} x$"),
        (r"$\bm{a}$ and `\bm{a}`", r"$\boldsymbol{a}$ and `\bm{a}`"),
        ("{kbd}`Enter`", "<kbd>Enter</kbd>"),
        ("{py:func}`~torch.mean`", "`torch.mean`"),
        ("`{note}` and ``a`b``", "`{note}` and ``a`b``"),
        ("$a_{[i]}(b)$ and `x[i](j)`", "$a_{[i]}(b)$ and `x[i](j)`"),
        (
            "| a | b |\n|---|---|\n| {kbd}`c` | d |",
            "| a | b |\n|---|---|\n| <kbd>c</kbd> | d |",
        ),
        ("Batch\n: All of {py:obj}`it`", "- **Batch**: All of `it`"),
    ],
)
def test_inside_a_line(convert, myst, markdown):
    assert convert(myst) == markdown


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        (":::{note}\nHi {py:obj}`you`\n:::", "> **Note**\n>\n> Hi `you`"),
        ("```{tip} Short\n```", "> **Tip**\n>\n> Short"),
        ("````{warning}\nA\n\nB\n````", "> **Warning**\n>\n> A\n>\n> B"),
        (
            ":::{admonition} A *title*\n:class: exercise\n\nText\n:::",
            "> **A *title***\n>\n> Text",
        ),
        (
            "```{admonition} Answer\n---\nclass: tip dropdown\n---\nYes\n```",
            "<details>\n<summary>Answer</summary>\n\nYes\n\n</details>",
        ),
        (
            ":::{dropdown} More\n:open:\nText\n:::",
            "<details>\n<summary>More</summary>\n\nText\n\n</details>",
        ),
        (
            "::::{note}\nA\n:::{tip}\nB\n:::\n::::",
            "> **Note**\n>\n> A\n> > **Tip**\n> >\n> > B",
        ),
        (
            "````{note}\n```python\nx = '{term}`x`'\n```\n````",
            "> **Note**\n>\n> ```python\n> x = '{term}`x`'\n> ```",
        ),
        (
            "```{figure} a.png\n:alt: Two\n\nA *cap*\n```",
            f"![Two]({SITE}/_images/a.png)\n\n_A *cap*_",
        ),
        ("```{figure} a.png\n:class: only-dark\n```", ""),
        ("```{math}\n:label: eq-x\na = 1\n```", "$$\na = 1\n\\tag{5}\n$$"),
        ("$$\n\\E a\n$$ (eq-x)", "$$\n\\operatorname{E} a\n\\tag{5}\n$$"),
        (
            "$$a$$ (eq-x)\n\nSee {eq}`eq-x`.",
            f"{mark('equation-eq-x')}\n\n$$a\\tag{{5}}$$\n\nSee [(5)](#equation-eq-x).",
        ),
        (
            "$$\n\\begin{aligned}a\\end{aligned}\n$$",
            "$$\n\\begin{aligned}a\\end{aligned}\n$$",
        ),
        ("```{code-block} python\n:caption: c\nx = 1\n```", "```python\nx = 1\n```"),
        ("```\n:::{note}\n```", "```\n:::{note}\n```"),
        ("(label)=\n# Title\n\n% note to self\nText", "# Title\n\nText"),
        ("(sec)=\n## On\n\n[](#sec)", f"{mark('sec')}\n\n## On\n\n[On](#sec)"),
        (
            "## Break it\n\n[so](#break-it)",
            f"{mark('break-it')}\n\n## Break it\n\n[so](#break-it)",
        ),
        ("{#anchor .wide}\nText", "Text"),
        (
            '```{glue:figure} fig\n:name: fig-a\n:alt: "y"\n\nA {glue:text}`gap`\n```',
            f"{IMAGE.format('&quot;y&quot;')}\n\n**Fig. 3.** *A 1.5*",
        ),
        ("```{glue:figure} fig\n```", IMAGE.format("")),
        ("- a\n  :::{note}\n  b\n  :::", "- a\n  > **Note**\n  >\n  > b"),
        (
            "```{list-table} Cap\n:header-rows: 1\n\n"
            "* - a\n  - b\n* - {py:obj}`c`\n  - d\n```",
            "*Cap*\n\n| a | b |\n| --- | --- |\n| `c` | d |",
        ),
        ("```{bibliography}\n:filter: docname in docnames\n```", ""),
    ],
)
def test_blocks(convert, myst, markdown):
    assert convert(myst) == markdown


def test_figures_are_called_as_on_the_site(convert):
    myst = "{}\n\n```{{figure}} a.png\n:name: fig-a\n:alt: A\n\nCap\n```"
    text = convert(myst.format("{numref}`fig-a` and {numref}`Picture %s <fig-a>`"))
    assert text.startswith("[Fig. 3](#fig-a) and [Picture 3](#fig-a)\n")
    assert text.endswith(
        f"{mark('fig-a')}\n\n![A]({SITE}/_images/a.png)\n\n**Fig. 3.** *Cap*"
    )


@pytest.mark.parametrize(
    ("myst", "name"),
    [
        ("```{frobnicate}\n```", "{frobnicate}"),
        ("::: oddly\n:::", "oddly"),
        ("{frobnicate}`x`", "{frobnicate}`x`"),
        ("{{ replaced }}", "{{ replaced }}"),
        ("```{code-cell}\nx\n```", "{code-cell}"),
        (":::{note}\nnever closed", "never closed"),
        ("{cite:p}`nobody`", "nobody"),
        ("{ref}`nowhere`", "nowhere"),
        ("[x](#nowhere)", "nowhere"),
        ("{eq}`nowhere`", "nowhere"),
        ("{numref}`nowhere`", "nowhere"),
        ("{term}`nowhere`", "nowhere"),
        ("{glue:text}`nowhere`", "nowhere"),
        ("{glue:text}`gap:.2f`", "gap:.2f"),
        ("{glue:text}`bare`", "bare"),
        ("$$a$$ (eq-unbuilt)", "eq-unbuilt"),
        (r"$\bm$", "bm"),
        (r"$\bm{a$", "bm"),
        ("[](missing.md)", "missing.md"),
    ],
)
def test_what_is_not_known_stops_the_conversion(convert, myst, name):
    with pytest.raises(ConversionError, match=name.replace("{", "[{]")):
        convert(myst)


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\E[x]", r"\operatorname{E}[x]"),
        (r"\Ex \EE", r"\Ex \EE"),
        (r"\half x", r"\frac12 x"),
        (r"\bm{\E{a}}b", r"\boldsymbol{\operatorname{E}{a}}b"),
        (r"\bm \gamma\beta", r"\boldsymbol{\gamma}\beta"),
        (r"\pair{a}{b}", r"(b, a)"),
        (r"\degree C", r"\circ C"),
        (r"\degree{}C", r"\circ{}C"),
    ],
)
def test_macros_are_written_out(tex, plain):
    macros = {
        "E": r"\operatorname{E}",
        "half": r"\frac12",
        "bm": [r"\boldsymbol{#1}", 1],
        "pair": ["(#2, #1)", 2],
        "degree": r"\circ",
    }
    assert expand(tex, macros) == plain


def test_cited_works_are_listed_as_on_the_site(write_book):
    text = "# T\n\n{cite:p}`two, one` and {cite:t}`two`.\n"
    lines = reference_list(write_book(text).pages["notebooks/first"]).splitlines()
    assert lines[0] == "## References"
    entries = [line for line in lines if line.startswith("- ")]
    assert entries[0].startswith(f"- {mark('reference-one')}Ada Lovelace. Notes.")
    assert entries[1].startswith(f"- {mark('reference-two')}Klaus-Robert Müller and ")
    assert "[https://example.org/two](https://example.org/two)" in entries[1]
    assert len(entries) == 2


def test_nothing_cited_no_list(write_book):
    assert reference_list(write_book("# T\n").pages["notebooks/first"]) == ""
