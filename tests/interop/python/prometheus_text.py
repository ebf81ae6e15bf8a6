"""A small reader of the Prometheus text format, independent of the program that writes it."""

import re

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


def parse(text):
    """Samples as {(name, ((label, value), …)): number}; a line that is no sample and no comment is an error."""
    samples = {}
    # A line feed alone ends a line: a label may hold a carriage return as it is.
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        name, labels, value = match.groups()
        pairs = tuple(sorted(LABEL.findall(labels or "")))
        key = (name, pairs)
        if key in samples:
            raise ValueError(f"twice: {line!r}")
        samples[key] = float(value)
    return samples


def pick(samples, name, **labels):
    """The values of that name whose labels include these."""
    wanted = set(labels.items())
    return [value for (found, pairs), value in samples.items() if found == name and wanted <= set(pairs)]
