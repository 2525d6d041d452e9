"""The last look at the written pages, all of them together."""

from pathlib import Path

from bs4 import BeautifulSoup

from .hashed import write_hashed
from .icons import draw_icons
from .ledger import write_csv
from .maths import set_formulas
from .policy import add_policy, send_policies
from .redirect import write_redirect
from .stylesheet import join_stylesheets, names_in_use
from .tidy import hoist_styles, quote_only_the_text, remove_unused_files, tidy_page
from .widgets import place_widgets


def finish_site(app, exception):
    """Finish every page: formulas, icons, repairs, one stylesheet, the policy."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    write_redirect(app)
    write_csv(app)
    files = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    pages = {p: BeautifulSoup(p.read_text("utf-8"), "html.parser") for p in files}
    stills = Path(app.doctreedir, "stills")  # `make` empties it when code changes
    for page, soup in pages.items():
        place_widgets(site, page, soup, stills)
        draw_icons(soup)
        tidy_page(site, page, soup)
    write_stylesheets(app, site, pages)
    policies = {}
    for page, soup in pages.items():
        policies[page] = add_policy(soup)
        page.write_text(str(soup), encoding="utf-8")
    send_policies(site, policies)
    remove_unused_files(site)
    quote_only_the_text(site)
    (site / ".nojekyll").touch()  # else GitHub would leave out _static and _images


def write_stylesheets(app, site, pages):
    """Write the book's stylesheet, and one for the pages that have formulas."""
    rules, maths_rules = {}, {}
    for soup in pages.values():
        hoist_styles(soup, rules)
    maths = set_formulas(app, pages)
    for soup in pages.values():
        hoist_styles(soup, maths_rules)
    book = join_stylesheets(site, app.booksite_css, names_in_use(site, pages))
    book = write_hashed(site, "book.css", "\n".join([book, *rules.values()]))
    scripts = {
        name: write_hashed(site, name, (site / "assets" / name).read_text("utf-8"))
        for name in ("book.js", "host.js", "ledger.js")
    }
    maths = write_hashed(site, "maths.css", "\n".join([maths, *maths_rules.values()]))
    for soup in pages.values():
        name_assets(soup, {"book.css": book, **scripts})
        if soup.find("mjx-container"):
            link = soup.find("link", href=lambda h: h and h.endswith(book))
            href = link["href"].replace(book, maths)
            link.insert_after(soup.new_tag("link", rel="stylesheet", href=href))


def name_assets(soup, names):
    """Point a page at the hashed names."""
    for element in soup.select("head link[href], script[src], [data-host]"):
        key = next(k for k in ("href", "src", "data-host") if k in element.attrs)
        for name, hashed in names.items():
            if element[key].split("?")[0].endswith(f"assets/{name}"):
                element[key] = (
                    element[key].split("?")[0].replace(f"assets/{name}", hashed)
                )
