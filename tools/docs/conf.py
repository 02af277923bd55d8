"""How `make docs` makes a site of the Markdown in docs/: by Sphinx, MyST and Furo.

The pages are written for a forge: GitHub's Markdown, README.md as the page of a folder, links by files. So nothing in them is for Sphinx; what it
lacks is added here: README.md becomes index, links to files beyond docs/ lead to the forge, and the table of contents is that of docs/README.md.
"""

import os
import re

project = "Shipwake"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Shipwake"
html_static_path = []
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"top_of_page_buttons": []}
highlight_language = "text"

myst_heading_anchors = 6
myst_enable_extensions = ["linkify"]
# An output page shows http that a template sends; groovy and the like are not always whole programs.
suppress_warnings = ["misc.highlighting_failure", "myst.header", "toc.not_readable"]

FORGE = "https://github.com/shipwake/shipwake/blob/main/"
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def pages_of(text):
    """The pages that a page leads to, in order, as Sphinx names them."""
    names = []
    for path, _ in LINK.findall(text):
        if path.endswith(".md") and not path.startswith("../"):
            name = re.sub(r"README$", "index", path[: -len(".md")])
            if name not in names:
                names.append(name)
    return names


def on_source(app, docname, source):
    folder = os.path.dirname(docname)

    def link(match):
        path, anchor = match.group(1), match.group(2) or ""
        target = os.path.normpath(os.path.join("docs", folder, path))
        if not target.startswith("docs" + os.sep):
            return f"]({FORGE}{target}{anchor})"
        return "](" + re.sub(r"README\.md$", "index.md", path) + anchor + ")"

    text = source[0]
    if docname == "index" or docname.endswith("/index"):
        text += contents(app, docname, text)
    source[0] = LINK.sub(link, text)


def contents(app, docname, text):
    """The sections of an index become the parts of the side bar, a section without links none."""
    parts = []
    for section in re.split(r"^## ", text, flags=re.M):
        title = section.partition("\n")[0].lstrip("# ").strip()
        names = [name for name in pages_of(section) if os.path.join(os.path.dirname(docname), name) in app.env.found_docs and name not in seen(app, docname)]
        if names:
            seen(app, docname).update(names)
            lines = "\n".join(names)
            parts.append(f"\n\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n")
    return "".join(parts)


def seen(app, docname):
    if not hasattr(app, "shipwake_seen"):
        app.shipwake_seen = {}
    return app.shipwake_seen.setdefault(docname, {"index"})


def setup(app):
    app.connect("source-read", on_source)
    return {"parallel_read_safe": False}
