"""Export requests as multisets of single items, so that two ways of the same data can be compared whatever the batching."""

import collections
import copy
import struct


def read_witnessed(path, request_type):
    """The requests of a file: four bytes of length before each."""
    requests = []
    if not path.exists():
        return requests
    data = path.read_bytes()
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        requests.append(request_type.FromString(data[at + 4:at + 4 + length]))
        at += 4 + length
    return requests


def canonical(message):
    return message.SerializeToString(deterministic=True)


def metric_points(metric):
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    envelope = copy.deepcopy(metric)
    del getattr(envelope, kind).data_points[:]
    return [(canonical(envelope), canonical(point)) for point in data.data_points]


def items(signal, requests, instance=None):
    """Every item with its whole envelope, counted; only those of one `service.instance.id` when it is given."""
    found = collections.Counter()
    for request in requests:
        groups = {"metrics": "resource_metrics", "traces": "resource_spans", "logs": "resource_logs"}
        for group in getattr(request, groups[signal]):
            ids = [a.value.string_value for a in group.resource.attributes if a.key == "service.instance.id"]
            if instance is not None and ids != [instance]:
                continue
            for scope in getattr(group, groups[signal].replace("resource_", "scope_")):
                around = (canonical(group.resource), group.schema_url, canonical(scope.scope), scope.schema_url)
                if signal == "metrics":
                    inner = [item for metric in scope.metrics for item in metric_points(metric)]
                elif signal == "traces":
                    inner = [(canonical(span),) for span in scope.spans]
                else:
                    inner = [(canonical(record),) for record in scope.log_records]
                found.update((*around, *item) for item in inner)
    return found
