"""Every piece of MyST that the chapters may use, as plain Markdown."""

import pytest

from web.colab.index import ConversionError

SITE = "https://someone.github.io/small-book"


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("{term}`batch`", "batch"),
        ("{term}`the batches <batch>`", "the batches"),
        ("{cite:p}`one`", "(Lovelace 1843)"),
        ("{cite:t}`two`", "[Müller and Lovelace (1998)](https://example.org/two)"),
        (
            "{cite:p}`one, three`",
            "(Lovelace 1843; [Uno et al. 2001](https://doi.org/10.1/x))",
        ),
        ("{cite:t}`many`", "Uno et al. (2002)"),
        ("{doc}`second`", f"[The second chapter]({SITE}/notebooks/second.html)"),
        ("{doc}`that <second>`", f"[that]({SITE}/notebooks/second.html)"),
        ("[](second.md)", f"[The second chapter]({SITE}/notebooks/second.html)"),
        (
            "[*x*](second.md#over-there)",
            f"[*x*]({SITE}/notebooks/second.html#over-there)",
        ),
        ("[home](../book/index.md)", f"[home]({SITE}/book/index.html)"),
        ("[](#sec-there)", f"[Over there]({SITE}/notebooks/second.html#sec-there)"),
        ("[here](#break-it)", f"[here]({SITE}/notebooks/first.html#break-it)"),
        (
            '<a href="#widget-five?x=[1,2]&amp;norm=&quot;none&quot;">so</a>',
            f"[so]({SITE}/notebooks/first.html#widget-five?x=%5B1,2%5D&norm=%22none%22)",
        ),
        ("{ref}`sec-there`", f"[Over there]({SITE}/notebooks/second.html#sec-there)"),
        ("{eq}`eq-b`", f"[(1)]({SITE}/notebooks/second.html#equation-eq-b)"),
        (
            "[code](../normlab/data.py)",
            "[code](https://github.com/Someone/small-book/blob/main/normlab/data.py)",
        ),
        ("[out](https://example.org/a_(b))", "[out](https://example.org/a_(b))"),
        ("![Alt *text*](img/a.svg)", f"![Alt *text*]({SITE}/_images/a.svg)"),
        ("![Alt](a.svg){width=50%}", f"![Alt]({SITE}/_images/a.svg)"),
        ("{glue:text}`gap:.2f`", "`gap` (printed below)"),
        ("{math}`x^2`", "$x^2$"),
        ("{kbd}`Enter`", "<kbd>Enter</kbd>"),
        ("{py:func}`~torch.mean`", "`torch.mean`"),
        ("`{note}` and ``a`b``", "`{note}` and ``a`b``"),
        ("$a_{[i]}(b)$ and `x[i](j)`", "$a_{[i]}(b)$ and `x[i](j)`"),
        ("| a | b |\n|---|---|\n| {term}`c` | d |", "| a | b |\n|---|---|\n| c | d |"),
        ("Batch\n: All of {term}`it`", "- **Batch**: All of it"),
    ],
)
def test_inside_a_line(convert, myst, markdown):
    assert convert(myst) == markdown


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        (":::{note}\nHi {term}`you`\n:::", "> **Note**\n>\n> Hi you"),
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
        ("```{math}\n:label: eq-x\na = 1\n```", "$$\na = 1\n\\tag{1}\n$$"),
        ("$$\na\n$$ (eq-x)", "$$\na\n\\tag{1}\n$$"),
        ("$$a$$ (eq-x)\n\nSee {eq}`eq-x`.", "$$a\\tag{1}$$\n\nSee (1)."),
        (
            "$$\n\\begin{aligned}a\\end{aligned}\n$$",
            "$$\n\\begin{aligned}a\\end{aligned}\n$$",
        ),
        ("```{code-block} python\n:caption: c\nx = 1\n```", "```python\nx = 1\n```"),
        ("```\n:::{note}\n```", "```\n:::{note}\n```"),
        ("(label)=\n# Title\n\n% note to self\nText", "# Title\n\nText"),
        ("{#anchor .wide}\nText", "Text"),
        ("```{glue:figure} fig\n:alt: x\n\nA cap\n```", "*Drawn below: A cap*"),
        ("```{glue:figure} fig\n```", ""),
        ("- a\n  :::{note}\n  b\n  :::", "- a\n  > **Note**\n  >\n  > b"),
        (
            "```{list-table} Cap\n:header-rows: 1\n\n"
            "* - a\n  - b\n* - {term}`c`\n  - d\n```",
            "*Cap*\n\n| a | b |\n| --- | --- |\n| c | d |",
        ),
        (
            "{cite:p}`two`\n\n```{bibliography}\n:filter: docname in docnames\n```",
            "([Müller and Lovelace 1998](https://example.org/two))\n\n"
            "- Müller and Lovelace (1998). [Two](https://example.org/two).",
        ),
    ],
)
def test_blocks(convert, myst, markdown):
    assert convert(myst) == markdown


def test_figure_reference_has_no_number(convert):
    myst = "{numref}`Figure %s <fig-a>`\n\n```{figure} a.png\n:name: fig-a\n```"
    assert convert(myst).startswith(f"[the figure]({SITE}/notebooks/first.html#fig-a)")


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
        ("[](missing.md)", "missing.md"),
    ],
)
def test_what_is_not_known_stops_the_conversion(convert, myst, name):
    with pytest.raises(ConversionError, match=name.replace("{", "[{]")):
        convert(myst)
