"""A service under observation: a process that works, rests, tells its facts in a line, and ends when it is answered."""

import argparse
import json
import pathlib
import subprocess


def options():
    """`--binary` and `--work` of a check's command line; the folder is there then."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--work", required=True, type=lambda path: pathlib.Path(path).resolve())
    found = arguments.parse_args()
    found.work.mkdir(parents=True, exist_ok=True)
    return found


def start(command):
    """Starts the service and waits until it rests; the process and its facts."""
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the service ended with {process.wait()}")
    return process, json.loads(line)


def end(process):
    """Answers a service that rests, and waits for its end."""
    process.communicate("\n", timeout=30)
