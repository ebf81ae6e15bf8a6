"""The words of the repository against what they speak of: links and anchors, routes, instruments, metrics and messages.

    check.py --book target/book --binary target/release/otel-bridge
"""

import argparse
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/interop/python"))
from bridge import Bridge  # noqa: E402
from verdict import Verdict  # noqa: E402

DOCS = ROOT / "docs"
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(`+)(.+?)\1")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def pages():
    """Every page for people: the book's, and those beside it."""
    beside = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")]
    return beside + sorted(DOCS.rglob("*.md"))


def name(path):
    return str(path.relative_to(ROOT))


def anchors(path):
    """The anchors of a page's headings, as code hosts make them."""
    found = {}
    for heading in HEADING.findall(FENCE.sub("", path.read_text())):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = found[slug] = found.get(slug, -1) + 1
        if count:
            found[f"{slug}-{count}"] = 0
    return set(found)


def broken_in_markdown():
    faults, links = [], 0
    for page in pages():
        text = CODE.sub("", FENCE.sub("", page.read_text()))
        for link in LINK.findall(text):
            if re.match(r"[a-z]+:", link):
                continue
            links += 1
            path, _, anchor = link.partition("#")
            target = (page.parent / urllib.parse.unquote(path)).resolve() if path else page
            if not target.exists() or not target.is_relative_to(ROOT):
                faults.append(f"{name(page)}: {link}: there is no such file")
            elif DOCS in page.parents and DOCS not in target.parents:
                faults.append(f"{name(page)}: {link}: it leaves the book")
            elif anchor and (target.suffix != ".md" or anchor not in anchors(target)):
                faults.append(f"{name(page)}: {link}: there is no such heading")
    return faults, links


class Built(html.parser.HTMLParser):
    """Where a built page leads, and what can be pointed at in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("href", "src") and value:
                self.links.append(value)
            elif key == "id":
                self.ids.add(value)


def broken_in_book(book):
    built = {path.resolve(): Built(path) for path in book.rglob("*.html")}
    faults, links = [], 0
    # The page for what is not found has the book's root as its base, wherever it is shown.
    for page, parsed in built.items():
        for link in parsed.links if page.name != "404.html" else []:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            links += 1
            target = (page.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else page
            shown = f"{page.relative_to(book.resolve())}: {link}"
            if not target.exists():
                faults.append(f"{shown}: there is no such file")
            elif parts.fragment and target in built and urllib.parse.unquote(parts.fragment) not in built[target].ids:
                faults.append(f"{shown}: there is no such anchor")
    return faults, links


def not_in_summary():
    listed = set(LINK.findall((DOCS / "SUMMARY.md").read_text()))
    return [name(page) for page in sorted(DOCS.rglob("*.md")) if page.name != "SUMMARY.md" and str(page.relative_to(DOCS)) not in listed]


def instruments_not_told():
    """Names of `src/record/convention.rs` that docs/mapping.md, where they are explained, does not have."""
    source = (ROOT / "src/record/convention.rs").read_text()
    known = re.findall(r'convention\(\s*"([^"]+)"', source) + re.findall(r'EVENT_\w+: &str = "([^"]+)"', source)
    told = (DOCS / "mapping.md").read_text()
    return [one for one in known if f"`{one}`" not in told], len(known)


def metrics_not_known():
    """Metrics of the bridge itself that a page names and docs/metrics.md does not."""
    known = set(re.findall(r"`(otel_bridge_\w+)", (DOCS / "metrics.md").read_text()))
    faults, seen = [], 0
    for page in pages():
        for found in re.findall(r"\botel_bridge_\w+", page.read_text()):
            seen += 1
            if found not in known:
                faults.append(f"{name(page)}: {found}")
    return faults, seen


def messages_not_said():
    """Messages in the first column of the tables of docs/operations.md that no source has; `…` and `{…}` are what differs."""
    sources = "".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.rs")))
    # A literal that goes on in the next line, and what a literal escapes.
    sources = re.sub(r"\\\n\s*", "", sources).replace('\\"', '"')
    table = (DOCS / "operations.md").read_text().partition("## Troubleshooting")[2]
    faults, seen = [], 0
    for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE):
        for _, message in CODE.findall(row):
            pieces = [piece.strip("` ") for piece in message.split("…")]
            # A word alone is a name, and not a message.
            if " " not in message:
                continue
            seen += 1
            faults += [f"{piece!r} of {message!r}" for piece in pieces if piece.strip("?; ") and piece not in sources]
    return faults, seen


def routes_not_told(binary, work):
    """Paths of `/openapi.json` that docs/routes.md does not have."""
    bridge = Bridge(binary, work, [])
    bridge.start()
    try:
        paths = list(json.loads(bridge.get("/openapi.json")[2])["paths"])
    finally:
        bridge.stop()
    told = (DOCS / "routes.md").read_text()
    untold = [path for path in paths if not re.search(rf"(?<![\w/]){re.escape(path)}/?(?![\w/{{])", told)]
    return untold, len(paths)


def check_rules(verdict, work):
    """The rules and queries that docs/operations.md prints are those of Prometheus."""
    rules = re.search(r"<!-- rules -->\n```yaml\n(.*?)^```", (DOCS / "operations.md").read_text(), re.DOTALL | re.MULTILINE)
    queries = re.findall(r"^```promql\n(.*?)^```", (DOCS / "operations.md").read_text(), re.DOTALL | re.MULTILINE)
    if not shutil.which("promtool"):
        print("SKIPPED: the printed rules: there is no promtool")
        return
    file = work / "rules.yml"
    file.write_text((rules[1] if rules else "") + "".join(
        f"      - record: printed:{number}\n        expr: |\n{textwrap.indent(query, ' ' * 10)}" for number, query in enumerate(queries)))
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    verdict.check("the printed rules and queries are read", rules and queries and done.returncode == 0, done.stdout + done.stderr)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--book", required=True, type=pathlib.Path)
    arguments.add_argument("--binary", required=True)
    options = arguments.parse_args()
    verdict = Verdict()

    def none(title, faults, seen=1):
        """No faults, and something was looked at."""
        verdict.check(f"{title} ({seen})", not faults and seen > 0, "\n  ".join(["", *faults]))

    none("links of the pages", *broken_in_markdown())
    none("links of the book", *broken_in_book(options.book))
    verdict.check("every page is in the summary", not not_in_summary(), not_in_summary())
    none("instruments are explained", *instruments_not_told())
    none("metrics are known", *metrics_not_known())
    none("messages are those of the program", *messages_not_said())
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        check_rules(verdict, work)
        if pathlib.Path(options.binary).is_file():
            none("routes are told", *routes_not_told(options.binary, work / "bridge"))
        else:
            print(f"SKIPPED: the routes: there is no {options.binary}")
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
