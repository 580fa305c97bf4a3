#!/usr/bin/env python3
"""A preprocessor of mdBook: links to files outside of this folder become their paths in the repository, and pages that include a file
from outside get the links of that file as seen from here."""

import json
import posixpath
import re
import sys

# A link of Markdown: its text, its target without the anchor, and the anchor.
LINK = re.compile(r"\[([^\]\n]*)\]\((?!\w+:|#)([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"(```.*?```|``.*?``|`[^`\n]*`)", re.DOTALL)
# `<!-- from: FOLDER -->`: what follows was included from a file of that folder of the repository.
FROM = re.compile(r"<!-- from: (\S+) -->\n?")
BOOK = "docs"


def carried(link: re.Match, folder: str, page: str) -> str:
    """A link as seen from a page of the book, or the path where the book has no such page."""
    text, target, anchor = link.group(1), link.group(2), link.group(3) or ""
    path = posixpath.normpath(posixpath.join(folder, target))
    if posixpath.commonpath([path, BOOK]) == BOOK and path.endswith(".md"):
        # What mdBook calls the page of a README.
        path = re.sub(r"README\.md$", "index.md", path)
        return f"[{text}]({posixpath.relpath(path, posixpath.join(BOOK, posixpath.dirname(page)))}{anchor})"
    return text if f"`{path}`" in text or text == path else f"{text} (`{path}`)"


def rewrite(content: str, page: str) -> str:
    """A page with its links carried over."""
    found = FROM.search(content)
    folder = found.group(1) if found else posixpath.join(BOOK, posixpath.dirname(page))
    parts = CODE.split(FROM.sub("", content))
    # Every second part is code. A link whose text is code spans parts, so it is joined before.
    text = "".join(part if i % 2 == 0 else f"\0{i}\0" for i, part in enumerate(parts))
    text = LINK.sub(lambda link: carried(link, folder, page), text)
    return re.sub("\0(\\d+)\0", lambda mark: parts[int(mark.group(1))], text)


def walk(items: list) -> None:
    """Rewrites chapters and what is below them."""
    for item in items:
        if isinstance(item, dict) and (chapter := item.get("Chapter")):
            if chapter["path"]:
                chapter["content"] = rewrite(chapter["content"], chapter["path"])
            walk(chapter["sub_items"])


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "supports":
        return
    _, book = json.load(sys.stdin)
    walk(book.get("items", book.get("sections", [])))
    json.dump(book, sys.stdout)


main()
