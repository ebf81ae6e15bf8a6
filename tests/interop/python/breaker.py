"""A circuit breaker that really trips: it opens after three failures in a row, probes after a pause, and closes again."""

import time


class Breaker:
    STATES = ("closed", "open", "half_open")

    def __init__(self, on_transition, failures_max=3, pause_s=1.0):
        self.on_transition = on_transition
        self.failures_max = failures_max
        self.pause_s = pause_s
        self.state = "closed"
        self.in_a_row = 0
        self.failures = 0
        self.transitions = 0
        self.last_failure = None
        self.calls = {"success": 0, "failure": 0, "rejected": 0}
        self.opened = 0.0

    def _enter(self, state, reason):
        before, self.state = self.state, state
        self.transitions += 1
        self.on_transition(before, state, reason)

    def call(self, upstream):
        if self.state == "open":
            if time.monotonic() - self.opened < self.pause_s:
                self.calls["rejected"] += 1
                return None
            self._enter("half_open", "pause is over")
        try:
            answer = upstream()
        except OSError as error:
            self.calls["failure"] += 1
            self.failures += 1
            self.in_a_row += 1
            self.last_failure = time.time()
            if self.state == "half_open" or self.in_a_row >= self.failures_max:
                self.opened = time.monotonic()
                self._enter("open", f"{self.in_a_row} failures in a row: {error}")
            return None
        self.calls["success"] += 1
        self.in_a_row = 0
        if self.state == "half_open":
            self._enter("closed", "probe succeeded")
        return answer
