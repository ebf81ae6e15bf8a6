/** What of an alert the expression needs. */
interface About {
  name: string;
  category: string;
  subject: string;
  threshold?: number | null;
  /** What the series of a breaker is named by: its component, if it has one. */
  component?: string | null;
}

/** A label's value as PromQL quotes it. */
function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

const SYSTEM: Record<string, { metric: string; operator: ">" | "<" }> = {
  high_error_rate: { metric: "system_error_rate", operator: ">" },
  critical_error_rate: { metric: "system_error_rate", operator: ">" },
  high_memory_usage: { metric: "system_memory_usage_mb", operator: ">" },
  critical_memory_usage: { metric: "system_memory_usage_mb", operator: ">" },
  high_cpu_usage: { metric: "system_cpu_usage_percent", operator: ">" },
  low_throughput: { metric: "system_items_per_second", operator: "<" },
};

/** The same condition on the series that `/metrics` exposes; null where no series tells it. */
export function promql({ name, category, subject, threshold, component }: About): string | null {
  const system = SYSTEM[name];
  if (system) return `${system.metric} ${system.operator} ${threshold ?? 0}`;
  switch (name) {
    case "component_unhealthy":
      return `component_health{component=${quote(subject)}} == 0`;
    case "circuit_breaker_open":
      return `circuit_breaker_state{component=${quote(component ?? subject)}} == 1`;
    case "circuit_breaker_half_open":
      return `circuit_breaker_state{component=${quote(component ?? subject)}} == 2`;
    case "worker_stuck":
      return `worker_state{worker=${quote(subject)},state="active"} == 1 and rate(worker_requests_total{worker=${quote(subject)}}[2m]) == 0`;
    case "push_failing":
      return `increase(otel_bridge_retries_total{destination=${quote(subject)}}[5m]) > 0`;
    case "push_queue_filling":
    case "push_queue_full":
      return `otel_bridge_queue_bytes{destination=${quote(subject)}}`;
  }
  if (category === "pool") return `pool_utilization{pool=${quote(subject)}} > ${threshold ?? 0.9}`;
  return null;
}
