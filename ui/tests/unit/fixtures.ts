import type { Whole, Worker } from "@/api";

export function worker(key: string, more: Partial<Worker> = {}): Worker {
  return {
    key,
    name: `worker-${key}`,
    app: "shop",
    pool: "checkout",
    service: "shop",
    instance: "shop-1",
    environment: null,
    stale: false,
    state: "active",
    state_age_seconds: 1,
    progress_age_seconds: 1,
    requests: 100,
    errors: 0,
    uptime_seconds: 50,
    memory_rss_bytes: 60_000_000,
    memory_heap_used_bytes: 30_000_000,
    ...more,
  } as Worker;
}

export function whole(workers: Worker[], more: Partial<Whole> = {}): Whole {
  return {
    snapshot_id: 1,
    timestamp: 1_000,
    run_id: "a",
    latest_event: 0,
    system: { alerts_critical: 0, reasons: [] },
    services: [],
    pools: [],
    workers,
    components: [],
    breakers: [],
    streams: [],
    alerts: [],
    recommendations: [],
    exporters: [],
    ...more,
  } as unknown as Whole;
}
