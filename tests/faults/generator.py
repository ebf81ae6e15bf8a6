"""Load whose every point is stamped with its producer and number, and that remembers which were acknowledged."""

import http.client
import threading
import time

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

POINTS = 10


def request(producer, first):
    """A request of ten points, numbered from `first`."""
    message = ExportMetricsServiceRequest()
    resource = message.resource_metrics.add()
    attribute = resource.resource.attributes.add(key="service.name")
    attribute.value.string_value = "generator"
    metric = resource.scope_metrics.add().metrics.add(name="stamp")
    for number in range(first, first + POINTS):
        point = metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=number)
        point.attributes.add(key="producer").value.int_value = producer
    return message.SerializeToString()


def stamps(message):
    """The (producer, number) of every point of the load in a request."""
    for resource in message.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.name == "stamp":
                    for point in metric.gauge.data_points:
                        yield point.attributes[0].value.int_value, point.as_int


class Producer(threading.Thread):
    """Posts one request after another until it is told to stop; a refused or unanswered one is not sent again."""

    def __init__(self, number, port, pause_s=0.0):
        super().__init__(daemon=True)
        self.number, self.port, self.pause_s = number, port, pause_s
        self.issued, self.acknowledged, self.unanswered = set(), set(), 0
        self.refused = {}
        self.stopping = threading.Event()

    def run(self):
        connection, first = None, 0
        while not self.stopping.is_set():
            numbers = {(self.number, number) for number in range(first, first + POINTS)}
            body = request(self.number, first)
            first += POINTS
            self.issued |= numbers
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("POST", "/v1/metrics", body, {"Content-Type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged |= numbers
                else:
                    self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
                    time.sleep(0.01)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                connection = None
                time.sleep(0.01)
            if self.pause_s:
                time.sleep(self.pause_s)

    def stop(self):
        self.stopping.set()
        self.join(15)


class Load:
    """Several producers at once."""

    def __init__(self, port, producers=4, pause_s=0.002):
        self.producers = [Producer(number, port, pause_s) for number in range(producers)]
        for producer in self.producers:
            producer.start()

    def stop(self):
        for producer in self.producers:
            producer.stop()

    def issued(self):
        return set().union(*(producer.issued for producer in self.producers))

    def acknowledged(self):
        return set().union(*(producer.acknowledged for producer in self.producers))

    def refused(self):
        total = {}
        for producer in self.producers:
            for status, count in producer.refused.items():
                total[status] = total.get(status, 0) + count
        return total
