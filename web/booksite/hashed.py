"""Files under names with their hash, so that a browser may keep them."""

import hashlib


def write_hashed(site, name, text):
    """Write a text to the site's folder assets; return its path from the site's root.

    The hash comes before the suffix: "book.css" is written to "assets/book.HASH.css".
    """
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:10]
    stem, suffix = name.rsplit(".", 1)
    path = f"assets/{stem}.{digest}.{suffix}"
    (site / path).parent.mkdir(parents=True, exist_ok=True)
    (site / path).write_text(text, encoding="utf-8")
    return path
