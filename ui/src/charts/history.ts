import { useEffect, useMemo, useRef, useState } from "react";
import type { History } from "@/api";
import { get } from "@/api/request";
import { fromHistory, type Samples } from "@/live/samples";
import { store, useView } from "@/live/store";
import type { World } from "@/live/world";
import { useAddress } from "@/routes/use-search";

export { column, type Samples } from "@/live/samples";

export type Entity = "pool" | "component" | "worker" | "system" | "breaker";

/** More than the longest range, so that rates have something to begin with. */
const KEPT_S = 960;
const FIELDS: Record<Entity, string[]> = {
  pool: ["active", "idle", "creating", "utilization", "pending", "requests", "errors"],
  component: ["items_processed", "errors"],
  worker: ["requests", "errors", "memory_rss", "memory_heap_used"],
  system: ["health_score", "error_rate", "items_per_second", "memory_usage_mb", "cpu_usage_percent"],
  breaker: ["calls_succeeded", "calls_failed", "calls_rejected"],
};

/**
 * What the server remembers, and from then on what the stream brings. It is asked again after a pause or a lost connection, so
 * that there is no hole. Null while it is on its way; no keys ask for all of the kind.
 */
export function useHistory(entity: Entity, keys: readonly string[] | null, seconds: number): Samples | null {
  const [samples, setSamples] = useState<Samples | null>(null);
  const isPaused = useView((view) => view.isPaused);
  const runId = useView((view) => view.world?.runId ?? "");
  const isUp = useView((view) => view.freshness === "live" || view.freshness === "stale");
  const asked = keys === null ? null : keys.join(" ");
  const reach = Math.min(KEPT_S, seconds + 60 + usePausedFor());
  const kept = useRef<Samples | null>(null);
  useEffect(() => {
    if (asked === null || !isUp || runId === "") return;
    const abort = new AbortController();
    const parameters = new URLSearchParams({ entity, range: `${reach}s` });
    for (const key of asked.split(" ").filter(Boolean)) parameters.append("key", key);
    get<History>(`history?${parameters}`, abort.signal)
      .then((history) => {
        kept.current = fromHistory(history);
        setSamples(kept.current);
      })
      .catch(() => undefined);
    if (isPaused) return () => abort.abort();
    const append = () => {
      const { world, freshness } = store.current();
      if (!world || freshness !== "live" || !kept.current) return;
      const next = appended(kept.current, world, entity);
      if (next === kept.current) return;
      kept.current = next;
      setSamples(next);
    };
    const leave = store.subscribe(append);
    return () => {
      abort.abort();
      leave();
    };
  }, [entity, asked, reach, isPaused, isUp, runId]);
  return asked === null ? null : samples;
}

/** One sample more; the same samples while no second has passed. */
export function appended(samples: Samples, world: World, entity: Entity): Samples {
  const last = samples.times.at(-1) ?? 0;
  if (world.timestamp - last < 0.5) return samples;
  const from = Math.max(
    0,
    samples.times.findIndex((time) => time >= world.timestamp - KEPT_S),
  );
  const rows = new Map(rowsOf(world, entity).map((row) => [row.key, row]));
  const columns = new Map<string, (number | null)[]>();
  for (const [name, values] of samples.columns) {
    const [key = "", field = ""] = name.split(" ");
    const row = rows.get(key);
    columns.set(name, [...values.slice(from), row ? fieldOf(row, field) : null]);
  }
  // Something that is new has no past.
  const past = samples.times.length - from;
  const isWhole = samples.columns.size === 0 || samples.columns.size / FIELDS[entity].length > 1;
  if (isWhole) {
    for (const row of rows.values()) {
      if (columns.has(`${row.key} ${FIELDS[entity][0]}`)) continue;
      if (entity === "worker") break;
      for (const field of FIELDS[entity]) {
        columns.set(`${row.key} ${field}`, [...Array<null>(past).fill(null), fieldOf(row, field)]);
      }
    }
  }
  return { times: [...samples.times.slice(from), world.timestamp], columns };
}

type AnyRow = { key: string } & Record<string, unknown>;

function rowsOf(world: World, entity: Entity): AnyRow[] {
  const rows = {
    pool: world.pools,
    component: world.components,
    worker: world.workers,
    system: [{ ...world.system, key: "system", traces_per_second: world.traces?.traces_per_second ?? null }],
    breaker: world.breakers,
  }[entity];
  return rows as unknown as AnyRow[];
}

const NAMES: Record<string, string> = { memory_rss: "memory_rss_bytes", memory_heap_used: "memory_heap_used_bytes" };

function fieldOf(row: AnyRow, field: string): number | null {
  const value = row[NAMES[field] ?? field];
  return typeof value === "number" ? value : null;
}

/** Seconds between the moment that a paused link names and the one that is shown. */
function usePausedFor(): number {
  const { live, at } = useAddress();
  const now = useView((view) => (view.isPaused ? Math.floor(view.now) : 0));
  if (live !== "0" || !at || now === 0) return 0;
  return Math.min(KEPT_S, Math.max(0, now - Math.floor(Number(at) / 1_000)));
}

/** The part of the samples that a chart of that length shows. */
export function useWindow(seconds: number): { from: number; to: number } {
  const present = useView((view) => (view.isPaused ? view.now : (view.world?.timestamp ?? 0)));
  const to = present - usePausedFor();
  return useMemo(() => ({ from: to - seconds, to }), [to, seconds]);
}
