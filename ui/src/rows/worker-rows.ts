import type { WorkerRow } from "@/live/world";
import type { Searchable, Term } from "./query";
import { matcher } from "./query";

/** What is wrong with a worker, worst first. */
export type Warning = "stuck" | "stale" | "failing" | "errors" | "offline" | null;

/** The bridge's own rule for a worker that is stuck. */
const STUCK_S = 60;
const FAILING = 0.2;
const MANY_ERRORS = 0.1;

export function workerWarning(row: WorkerRow): Warning {
  if (row.state === "active" && row.progress_age_seconds > STUCK_S) return "stuck";
  if (row.stale) return "stale";
  const rate = row.recent_error_rate ?? 0;
  if (rate > FAILING) return "failing";
  if (rate > MANY_ERRORS) return "errors";
  if (row.state === "offline") return "offline";
  return null;
}

const GRAVITY: Record<NonNullable<Warning>, number> = { stuck: 5, stale: 4, failing: 3, errors: 2, offline: 1 };

/** Problems sort first: the greater, the worse. */
export function gravity(warning: Warning): number {
  return warning === null ? 0 : GRAVITY[warning];
}

/** Whether it deserves a place among the problems; being offline alone does not. */
export function isProblem(warning: Warning): boolean {
  return gravity(warning) > 1;
}

const counts = new WeakMap<readonly WorkerRow[], number>();

/** How many of them have a problem; counted once for each list, since many places ask. */
export function problemCount(rows: readonly WorkerRow[]): number {
  let count = counts.get(rows);
  if (count === undefined) {
    count = rows.reduce((sum, row) => sum + Number(isProblem(workerWarning(row))), 0);
    counts.set(rows, count);
  }
  return count;
}

/** Errors ÷ requests: lately where that is known, else over its life. */
export function errorRate(row: WorkerRow): number | null {
  if (row.recent_error_rate !== null) return row.recent_error_rate;
  if (row.errors === null || row.errors === undefined || !row.requests) return null;
  return row.errors / row.requests;
}

/** Requests a second over its life. */
export function meanRate(row: WorkerRow): number | null {
  if (row.requests === null || row.requests === undefined || !row.uptime_seconds) return null;
  return row.requests / row.uptime_seconds;
}

export const searchable: Searchable<WorkerRow> = {
  fields: {
    id: (row) => row.name,
    app: (row) => row.app,
    pool: (row) => row.pool,
    service: (row) => row.service,
    instance: (row) => row.instance,
    state: (row) => row.state,
    warn: (row) => workerWarning(row),
    requests: (row) => row.requests,
    rate: (row) => row.requests_per_second,
    errors: (row) => row.errors,
    err: (row) => errorRate(row),
    rss: (row) => row.memory_rss_bytes,
    heap: (row) => row.memory_heap_used_bytes,
    uptime: (row) => row.uptime_seconds,
  },
  text: (row) => `${row.name} ${row.app} ${row.pool} ${row.service} ${row.instance}`,
};

/** Those that the search and the state chips let through. */
export function filterWorkers(
  rows: readonly WorkerRow[],
  terms: readonly Term[],
  states: ReadonlySet<string>,
): WorkerRow[] {
  const fits = terms.length > 0 ? matcher(terms, searchable) : () => true;
  const isFailingOnly = states.has("failing");
  const named = [...states].filter((state) => state !== "failing");
  return rows.filter(
    (row) =>
      fits(row) &&
      (!isFailingOnly || isProblem(workerWarning(row))) &&
      (named.length === 0 || named.includes(row.state ?? "unknown")),
  );
}
