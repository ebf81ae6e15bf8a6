"""Every shipped file passes its check, and a copy of it with one wrong key does not.

    check_stack_files.py --binary target/release/otel-bridge --collector otelcol-stack --kubernetes kubernetes-check --work DIR
"""

import argparse
import pathlib
import shutil
import sys

import yaml

import stack_file_checks as checks
from verdict import Verdict

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHIPPED = ("Dockerfile", ".dockerignore", "docker-compose.yml", "collector-config", "deploy", "examples/python", "tests/interop/rules")


def table(programs):
    """File, how it is checked, and a slip: what is written instead of what."""
    grafana = "collector-config/grafana"
    return [
        ("collector-config/otel-bridge.yaml", programs.bridge, ("request_bytes_max", "request_byte_max")),
        ("collector-config/otel-bridge-container.yaml", programs.bridge, ("insecure", "unsecure")),
        ("collector-config/otel-bridge-stack.yaml", programs.bridge, ("alertmanager:", "alertmanger:")),
        ("collector-config/collector.yaml", programs.collector_file, ("sending_queue", "sending_queues")),
        ("collector-config/prometheus.yml", checks.prometheus, ("honor_labels", "honour_labels")),
        ("collector-config/rules/recording.yml", checks.rules, ("record:", "recorded:")),
        ("collector-config/rules/specification.yml", checks.rules, ("annotations", "annotation")),
        ("collector-config/rules/built-in.yml", checks.rules, ("for:", "fore:")),
        ("collector-config/rules/built-in.yml", checks.rules, ("unless on", "without on")),
        ("tests/interop/rules/rules.test.yml", checks.rule_tests, ("condition", "condicion")),
        ("collector-config/alertmanager.yml", checks.alertmanager, ("group_wait", "group_await")),
        ("collector-config/tempo.yaml", checks.tempo, ("block_retention", "blocks_retention")),
        (f"{grafana}/provisioning/datasources/stack.yaml", checks.datasources, ("tracesToMetrics", "traceToMetrics")),
        (f"{grafana}/provisioning/dashboards/stack.yaml", checks.providers, ("allowUiUpdates", "allowUIUpdates")),
        *((f"{grafana}/dashboards/{name}.json", checks.dashboard, ('"expr"', '"expression"'))
          for name in ("fleet", "pools-and-workers", "components-and-bridge")),
        ("docker-compose.yml", checks.compose, ("healthcheck", "healthchek")),
        ("docker-compose.yml", checks.compose, ("127.0.0.1:9000:9000", "9000:9000")),
        ("Dockerfile", checks.dockerfile, ("WORKDIR", "WORKDIRECTORY")),
        (".dockerignore", checks.build_context, ("!src", "!source")),
        (".dockerignore", checks.build_context, ("!Cargo.lock", "!cargo.lock")),
        ("examples/python/Dockerfile", checks.dockerfile, ("requirements.txt", "requirement.txt")),
        *((f"deploy/kubernetes/{name}.yaml", programs.kubernetes_file, slip) for name, slip in (
            ("bridge", ("readinessProbe", "readyProbe")), ("daemonset", ("hostPort", "hostport")), ("podmonitor", ("honorLabels", "honourLabels")))),
        ("deploy/kubernetes/bridge.yaml", checks.kubernetes_sense, ("path: /readyz", "path: /ready")),
        ("deploy/kubernetes/daemonset.yaml", checks.kubernetes_sense, ("path: /livez", "path: /live")),
        ("deploy/kubernetes/bridge.yaml", programs.inner, ("bytes_max", "max_bytes")),
        ("deploy/systemd/otel-bridge.service", programs.unit, ("ProtectSystem", "ProtectMachine")),
    ]


class Programs(checks.Programs):
    def inner(self, root, name):
        """The configuration inside the ConfigMap."""
        for document in yaml.safe_load_all((root / name).read_text()):
            if document["kind"] == "ConfigMap":
                (root / "inner.yaml").write_text(document["data"]["config.yaml"])
        return self.bridge(root, "inner.yaml")


def copy(work):
    if work.exists():
        shutil.rmtree(work)
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, work / name)
    return work


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--collector", default="")
    arguments.add_argument("--kubernetes", default="")
    arguments.add_argument("--work", required=True)
    options = arguments.parse_args()
    verdict = Verdict()
    root = copy(pathlib.Path(options.work).resolve())
    checked = set()
    for name, check, (right, wrong) in table(Programs(options.binary, options.collector, options.kubernetes)):
        findings = check(root, name)
        label = f"{name} ({check.__name__})"
        if findings is None:
            print(f"SKIPPED: {label}: its program is not here")
            continue
        checked.add(name)
        verdict.equal(label, findings, [])
        file = root / name
        good = file.read_text()
        verdict.check(f"{label}: {right} stands in it", right in good)
        file.write_text(good.replace(right, wrong, 1))
        verdict.check(f"{label}: `{wrong}` is found", check(root, name), "no finding")
        file.write_text(good)
    shipped = {str(path.relative_to(ROOT)) for folder in ("collector-config", "deploy") for path in (ROOT / folder).rglob("*") if path.is_file()}
    verdict.equal("every shipped file has a check", sorted(shipped - {row[0] for row in table(Programs(None, None, None))}), [])
    return verdict.close()


if __name__ == "__main__":
    sys.exit(main())
