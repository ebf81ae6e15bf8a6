"""The keys that Tempo and Grafana document for what the shipped files use. Neither program can be run here, so this stands in for their
own validation: a key that is not listed is an error. A tree is {key: tree}; a list holds the tree of its elements; `LEAF` is any plain
value, `ANY` is anything, and a type is a value of that type."""

LEAF = "leaf"
ANY = "any"

# https://grafana.com/docs/tempo/latest/configuration/
TEMPO = {
    "stream_over_http_enabled": bool,
    "server": {"http_listen_address": LEAF, "http_listen_port": int, "grpc_listen_address": LEAF, "grpc_listen_port": int, "log_level": LEAF},
    "distributor": {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": LEAF}, "http": {"endpoint": LEAF}}}}},
    "ingester": {"max_block_duration": LEAF, "max_block_bytes": int, "trace_idle_period": LEAF},
    "compactor": {"compaction": {"block_retention": LEAF, "compacted_block_retention": LEAF, "compaction_window": LEAF}},
    "storage": {"trace": {"backend": LEAF, "wal": {"path": LEAF}, "local": {"path": LEAF}}},
}

# https://grafana.com/docs/grafana/latest/administration/provisioning/ and the pages of each data source
DATASOURCE = {
    "name": str, "uid": str, "type": str, "access": str, "url": str, "isDefault": bool, "editable": bool, "orgId": int, "version": int,
    "basicAuth": bool, "withCredentials": bool,
}
DATASOURCE_JSON = {
    "prometheus": {"httpMethod": str, "prometheusType": str, "prometheusVersion": str, "timeInterval": str, "cacheLevel": str,
                   "exemplarTraceIdDestinations": [{"name": str, "datasourceUid": str, "url": str, "urlDisplayLabel": str}]},
    "tempo": {"nodeGraph": {"enabled": bool}, "serviceMap": {"datasourceUid": str}, "search": {"hide": bool},
              "tracesToMetrics": {"datasourceUid": str, "spanStartTimeShift": str, "spanEndTimeShift": str,
                                  "tags": [{"key": str, "value": str}], "queries": [{"name": str, "query": str}]}},
    "alertmanager": {"implementation": str, "handleGrafanaManagedAlerts": bool},
}
DASHBOARD_PROVIDERS = {
    "apiVersion": int,
    "providers": [{"name": str, "orgId": int, "folder": str, "folderUid": str, "type": str, "disableDeletion": bool, "allowUiUpdates": bool,
                   "updateIntervalSeconds": int, "options": {"path": str, "foldersFromFilesStructure": bool}}],
}

# https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
REFERENCE = {"type": str, "uid": str}
GRID = {"x": int, "y": int, "w": int, "h": int}
TARGET = {"refId": str, "datasource": REFERENCE, "expr": str, "legendFormat": str, "instant": bool, "range": bool, "format": str}
PANEL = {
    "id": int, "type": str, "title": str, "description": str, "datasource": REFERENCE, "gridPos": GRID, "targets": [TARGET],
    "fieldConfig": {"overrides": [ANY], "defaults": {
        "unit": str, "min": LEAF, "max": LEAF, "thresholds": {"mode": str, "steps": [{"color": str, "value": ANY}]},
        "mappings": [{"type": str, "options": ANY}],
        "custom": {"lineWidth": int, "fillOpacity": int, "showPoints": str, "stacking": {"mode": str, "group": str}}}},
    "transformations": [{"id": str, "options": ANY}],
}
PANEL_OPTIONS = {
    "stat": {"reduceOptions": {"calcs": [str], "fields": str, "values": bool}, "colorMode": str, "graphMode": str, "textMode": str},
    "timeseries": {"legend": {"displayMode": str, "placement": str, "showLegend": bool}, "tooltip": {"mode": str, "sort": str}},
    "table": {"showHeader": bool, "cellHeight": str},
    "state-timeline": {"mergeValues": bool, "showValue": str, "rowHeight": LEAF,
                       "legend": {"displayMode": str, "placement": str, "showLegend": bool}},
}
DASHBOARD = {
    "uid": str, "title": str, "tags": [str], "schemaVersion": int, "version": int, "editable": bool, "graphTooltip": int, "refresh": str,
    "time": {"from": str, "to": str}, "timezone": str, "annotations": {"list": [ANY]},
    "links": [{"type": str, "title": str, "tags": [str], "asDropdown": bool, "includeVars": bool, "keepTime": bool}],
    "templating": {"list": [{
        "name": str, "label": str, "type": str, "datasource": REFERENCE, "query": {"query": str, "refId": str}, "refresh": int, "sort": int,
        "multi": bool, "includeAll": bool, "allValue": str, "current": {"text": str, "value": str}}]},
    "panels": ANY,
}


def strange(value, tree, where=""):
    """Findings: keys that are not documented, and values of another type."""
    if tree == ANY:
        return []
    if tree == LEAF:
        return [] if not isinstance(value, (dict, list)) else [f"{where}: not a plain value"]
    if isinstance(tree, type):
        good = isinstance(value, tree) and not (tree is int and isinstance(value, bool))
        return [] if good else [f"{where}: {value!r} is not {tree.__name__}"]
    if isinstance(tree, list):
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [finding for at, one in enumerate(value) for finding in strange(one, tree[0], f"{where}[{at}]")]
    if not isinstance(value, dict):
        return [f"{where}: not a mapping"]
    findings = []
    for key, inner in value.items():
        name = f"{where}.{key}" if where else str(key)
        findings += strange(inner, tree[key], name) if key in tree else [f"{name}: not a documented key"]
    return findings
