"""Every query of every shipped rule and dashboard, run against the Prometheus of the stack after everything has happened: it must
evaluate, and have data within the time of the test. Every alert must have been at least pending: how long each has to hold, and that a
healthy system is silent, is told by `rules.test.yml`."""

import json
import re

import yaml

from stack_parts import SHIPPED, until

# Variables of Grafana: all services, all pools, and so on. The interval of a rate is four scrapes and more.
VARIABLES = {"$__rate_interval": "15s", "$__interval": "5s", "$__range": "1h"}


def check_rules(verdict, stack):
    until(lambda: stack.prometheus.series('ALERTS{alertname="BridgeDown"}', stack.begun), 15)
    groups = stack.prometheus.api("rules")["data"]["groups"]
    loaded = {rule["name"]: rule for group in groups for rule in group["rules"]}
    empty, silent, ill, missing = [], [], [], []
    number = 0
    for file in sorted((SHIPPED / "rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                number += 1
                name = rule.get("alert") or rule["record"]
                if name not in loaded:
                    missing.append(name)
                elif loaded[name]["health"] != "ok":
                    ill.append((name, loaded[name].get("lastError")))
                series = stack.prometheus.series(rule["expr"], stack.begun)
                if not isinstance(series, int) or series == 0:
                    empty.append((name, series))
                if "alert" in rule and not stack.prometheus.series(f'ALERTS{{alertname="{name}"}}', stack.begun):
                    silent.append(name)
    verdict.equal("rules that Prometheus does not know", missing, [])
    verdict.equal("rules that do not evaluate", ill, [])
    verdict.equal(f"{number} rules: without data", empty, [])
    verdict.equal("alerts whose fault did not set them off", silent, [])


def concrete(expression, variables):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    for name in variables:
        expression = expression.replace(f"${{{name}}}", ".*").replace(f"${name}", ".*")
    return expression


def check_dashboards(verdict, stack):
    for file in sorted((SHIPPED / "grafana" / "dashboards").glob("*.json")):
        board = json.loads(file.read_text())
        variables = [variable["name"] for variable in board["templating"]["list"]]
        wrong, number = [], 0
        for variable in board["templating"]["list"]:
            selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()
            number += 1
            if not stack.prometheus.series(f'{concrete(selector, variables)} and on ({label}) count by ({label}) ({concrete(selector, variables)})',
                                           stack.begun):
                wrong.append((variable["name"], "no values"))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                number += 1
                expression = concrete(target["expr"], variables)
                series = stack.prometheus.series(expression, stack.begun) if "$" not in expression else "an unknown variable"
                if not isinstance(series, int) or series == 0:
                    wrong.append((panel["title"], expression, series))
        verdict.equal(f"{file.name}: {number} queries without data", wrong, [])
    links = yaml.safe_load((SHIPPED / "grafana" / "provisioning" / "datasources" / "stack.yaml").read_text())
    tempo = next(one for one in links["datasources"] if one["type"] == "tempo")["jsonData"]["tracesToMetrics"]
    for query in tempo["queries"]:
        # What Grafana makes of the tags, for a span of the service.
        tags = ", ".join(f'{tag["value"]}="checkout-1"' for tag in tempo["tags"] if tag["key"] == "service.instance.id")
        expression = query["query"].replace("$$__tags", tags)
        verdict.check(f"from a trace to metrics: {query['name']}", stack.prometheus.series(expression, stack.begun), expression)
