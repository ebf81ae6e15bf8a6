"""How each shipped file is checked: by its own program where there is one, else by its documented keys. Each check takes the root of a
tree of shipped files and gives a list of findings; `None` says that the program is missing."""

import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

from documented_keys import (DASHBOARD, DASHBOARD_PROVIDERS, DATASOURCE, DATASOURCE_JSON, GRID, PANEL, PANEL_OPTIONS, TEMPO, strange)

SECRETS = {"OTLP_TOKEN": "x", "PULL_TOKEN": "x", "GRAFANA_ADMIN_PASSWORD": "x"}


def run(*command, root=None, quiet=False):
    """The output of a program that failed, as findings; with `quiet` any output is a finding."""
    if not shutil.which(str(command[0])):
        return None
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **SECRETS}
    done = subprocess.run([str(part) for part in command], cwd=root, env=environment, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode:
        return said or [f"exit code {done.returncode}"]
    return said if quiet else []


class Programs:
    """The two that are not found by name."""

    def __init__(self, binary, collector, kubernetes):
        self.binary, self.collector, self.kubernetes = (pathlib.Path(path).resolve() if path else None for path in (binary, collector, kubernetes))

    def bridge(self, root, name):
        return run(self.binary, "check", root / name)

    def collector_file(self, root, name):
        return run(self.collector, "validate", f"--config={root / name}") if self.collector else None

    def kubernetes_file(self, root, name):
        return run(self.kubernetes, root / name) if self.kubernetes else None

    def unit(self, root, name):
        """`systemd-analyze verify`, with the program where it really is; and how much of the machine it can touch, 0 to 10."""
        text = (root / name).read_text().replace("/usr/bin/otel-bridge", str(self.binary))
        copy = root / "otel-bridge.service"
        copy.write_text(text)
        findings = run("systemd-analyze", "verify", "--man=no", copy, quiet=True)
        if findings:
            return [line for line in findings if "otel-bridge" in line] or findings
        if findings is None:
            return None
        exposure = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", copy], capture_output=True, text=True,
                                  check=False)
        found = re.search(r"exposure level for otel-bridge.service: ([\d.]+)", exposure.stdout)
        return [] if found and float(found.group(1)) <= 1.5 else [f"exposure: {found and found.group(1)}"]


def prometheus(root, name):
    return run("promtool", "check", "config", root / name)


def rules(root, name):
    return run("promtool", "check", "rules", "--lint=all", "--lint-fatal", root / name)


def rule_tests(root, name):
    """Run beside copies of the rules, since a test file names them by path."""
    for file in (root / "collector-config" / "rules").glob("*.yml"):
        shutil.copy(file, root / "tests/interop/rules")
    return run("promtool", "test", "rules", root / name)


def alertmanager(root, name):
    return run("amtool", "check-config", root / name)


def compose(root, name):
    """Debian's docker-compose takes it; and what it says keeps the promises of its head."""
    findings = run("docker-compose", "-f", name, "config", "-q", root=root)
    if findings:
        return findings
    document = yaml.safe_load((root / name).read_text())
    own = []
    for service, parts in document["services"].items():
        image = parts.get("image", "")
        if not re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", image):
            own.append(f"{service}: the image {image!r} is not pinned")
        own += [f"{service}: {port} is not on the loopback" for port in parts.get("ports", []) if not port.startswith("127.0.0.1:")]
        for key, value in parts.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", key) and not str(value).startswith("${"):
                own.append(f"{service}: {key} stands in the file")
        for volume in parts.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (root / source).exists():
                own.append(f"{service}: {source} does not exist")
            if not source.startswith(".") and source not in document["volumes"]:
                own.append(f"{service}: no such volume: {source}")
    return own if findings is not None or own else None


def tempo(root, name):
    return strange(yaml.safe_load((root / name).read_text()), TEMPO)


def datasources(root, name):
    document = yaml.safe_load((root / name).read_text())
    findings = strange({key: value for key, value in document.items() if key != "datasources"}, {"apiVersion": int})
    for source in document["datasources"]:
        plain = {key: value for key, value in source.items() if key != "jsonData"}
        findings += strange(plain, DATASOURCE, source["name"])
        findings += strange(source["jsonData"], DATASOURCE_JSON[source["type"]], f"{source['name']}.jsonData")
    uids = [source["uid"] for source in document["datasources"]]
    referred = re.findall(r"datasourceUid: (\S+)", (root / name).read_text())
    return findings + [f"no such data source: {uid}" for uid in referred if uid not in uids]


def providers(root, name):
    return strange(yaml.safe_load((root / name).read_text()), DASHBOARD_PROVIDERS)


def dashboard(root, name):
    board = json.loads((root / name).read_text())
    findings = strange(board, DASHBOARD)
    ids, taken = [], []
    for panel in board["panels"]:
        where = f"panel {panel.get('title')}"
        ids.append(panel["id"])
        if panel["type"] == "row":
            findings += strange(panel, {"id": int, "type": str, "title": str, "collapsed": bool, "panels": list, "gridPos": GRID}, where)
            continue
        plain = {key: value for key, value in panel.items() if key != "options"}
        findings += strange(plain, PANEL, where)
        if panel["type"] not in PANEL_OPTIONS:
            findings.append(f"{where}: {panel['type']} is no panel that is known here")
            continue
        findings += strange(panel["options"], PANEL_OPTIONS[panel["type"]], f"{where}.options")
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            findings.append(f"{where}: wider than the grid")
        for other in taken:
            if (grid["x"] < other["x"] + other["w"] and other["x"] < grid["x"] + grid["w"]
                    and grid["y"] < other["y"] + other["h"] and other["y"] < grid["y"] + grid["h"]):
                findings.append(f"{where}: lies on another panel")
        taken.append(grid)
        findings += [f"{where}: {target['expr']}: another data source" for target in panel["targets"]
                     if target["datasource"] != {"type": "prometheus", "uid": "prometheus"}]
    return findings + (["an id stands twice"] if len(set(ids)) != len(ids) else [])


INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD", "ENV"}


def dockerfile(root, name):
    """Nothing builds an image here: known instructions, sources that exist, a pinned base, a user who is not root."""
    text = re.sub(r"\\\n", " ", (root / name).read_text())
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    findings = [f"{word}: no such instruction" for word, _ in lines if word not in INSTRUCTIONS]
    folder = (root / name).parent
    for word, rest in lines:
        parts = [part for part in rest.split() if not part.startswith("--")]
        if word == "FROM" and ":" not in parts[0]:
            findings.append(f"{parts[0]} is not pinned")
        if word == "COPY" and "--from" not in rest:
            findings += [f"{source} does not exist" for source in parts[:-1] if not (folder / source).exists()]
        if word in ("ENTRYPOINT", "CMD", "VOLUME") and not isinstance(json.loads(rest), list):
            findings.append(f"{word} takes a shell")
    users = [rest for word, rest in lines if word == "USER"]
    if not users or users[-1].split(":")[0] in ("0", "root"):
        findings.append("it runs as root")
    return findings


def build_context(root, name):
    """What `.dockerignore` lets into the image's build is what cargo needs: every target's file, and every file that the sources take in."""
    repository = pathlib.Path(__file__).resolve().parents[3]
    # Outside every other Cargo.toml.
    context = pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, context, ignore_errors=True)
    for line in (root / name).read_text().splitlines():
        if not line.startswith("!"):
            continue
        for source in repository.glob(line[1:]):
            target = context / source.relative_to(repository)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
    findings = [f"{file.relative_to(context)} takes in {taken}, which is not there"
                for file in (context / "src").rglob("*.rs") if "tests" not in str(file.relative_to(context))
                for taken in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', file.read_text()) if not (file.parent / taken).exists()]
    if not shutil.which("cargo"):
        return findings or None
    cargo = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version=1", "--locked", "--offline"], cwd=context, capture_output=True,
                           text=True, check=False)
    if cargo.returncode:
        return findings + cargo.stderr.splitlines()
    targets = [target["src_path"] for package in json.loads(cargo.stdout)["packages"] for target in package["targets"]]
    findings += [f"no {file}" for file in ("Cargo.lock", "collector-config/otel-bridge-container.yaml") if not (context / file).exists()]
    findings += [f"no source for the target {path}" for path in targets if not pathlib.Path(path).exists()]
    return findings + ([] if any(path.endswith("src/main.rs") for path in targets) else ["no program is built"])


def kubernetes_sense(root, name):
    """What types do not say: selectors meet their pods, ports and volumes that are named exist, nobody is root, no token is mounted."""
    findings = []
    documents = list(yaml.safe_load_all((root / name).read_text()))
    for document in documents:
        template = document.get("spec", {}).get("template")
        if not template:
            continue
        kind, pod = document["kind"], template["spec"]
        selector = document["spec"]["selector"]["matchLabels"]
        if not selector.items() <= template["metadata"]["labels"].items():
            findings.append(f"{kind}: the selector does not meet the pods")
        if pod.get("automountServiceAccountToken") is not False:
            findings.append(f"{kind}: a token is mounted")
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"] + pod.get("initContainers", []):
            findings += [f"{kind}: no volume {mount['name']}" for mount in container["volumeMounts"] if mount["name"] not in volumes]
        container = pod["containers"][0]
        ports = {port["name"] for port in container["ports"]}
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            get = container.get(probe, {}).get("httpGet", {})
            if get.get("path") != path or get.get("port") not in ports:
                findings.append(f"{kind}: {probe} is {get}")
        if not (pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]):
            findings.append(f"{kind}: it may be root, or write its root")
    return findings
