"""Files under names with their hash, so that a browser may keep them."""

import hashlib


def write_hashed(site, name, content):
    """Write text or bytes to the site's folder assets; return the path from its root.

    The hash comes before the suffix: "book.css" is written to "assets/book.HASH.css".
    """
    content = content.encode("utf-8") if isinstance(content, str) else content
    digest = hashlib.sha256(content).hexdigest()[:10]
    stem, suffix = name.rsplit(".", 1)
    path = f"assets/{stem}.{digest}.{suffix}"
    (site / path).parent.mkdir(parents=True, exist_ok=True)
    (site / path).write_bytes(content)
    return path
