import type {
  Alert,
  Breaker,
  Component,
  Delta,
  Exporter,
  Happening,
  Pool,
  Recommendation,
  Service,
  Stream,
  System,
  Traces,
  Whole,
  Worker,
} from "@/api/nouns";
import { type Rated, Rates } from "./rates";

/** With the server's time at which it was told, since ages and countdowns go on by themselves. */
export type Seen<T> = T & { seen_at: number };
export type WorkerRow = Rated<Seen<Worker>>;
export type ComponentRow = Seen<Component>;
export type ExporterRow = Seen<Exporter>;
export type BreakerRow = Seen<Breaker>;

/** Everything that the page shows, at one moment. Never changed in place: what has not changed keeps its identity. */
export interface World {
  runId: string;
  snapshotId: number;
  /** The server's time of the snapshot, in Unix seconds. */
  timestamp: number;
  latestEvent: number;
  system: System;
  services: Seen<Service>[];
  pools: Seen<Pool>[];
  workers: WorkerRow[];
  components: ComponentRow[];
  breakers: BreakerRow[];
  streams: Seen<Stream>[];
  alerts: Seen<Alert>[];
  recommendations: Recommendation[];
  traces: Traces | null;
  exporters: ExporterRow[];
  /** Parts that the server could not read. */
  errors: { part: string; message: string }[];
  /** The last events, newest first. */
  events: Happening[];
  /** Moments at which another run of the bridge was met, in Unix seconds. */
  restarts: number[];
}

const EVENTS_MAX = 200;
const RESTARTS_MAX = 20;

interface Changes<T> {
  changed: T[];
  removed: string[];
}

/** The live rows of one kind, by key. */
class Shelf<T extends { key: string }> {
  private byKey = new Map<string, Seen<T>>();
  rows: Seen<T>[] = [];

  reset(items: T[], timestamp: number): void {
    this.byKey = new Map(items.map((item) => [item.key, seen(item, timestamp)]));
    this.rows = [...this.byKey.values()];
  }

  apply(changes: Changes<T> | null | undefined, timestamp: number): void {
    if (!changes) return;
    for (const key of changes.removed) this.byKey.delete(key);
    for (const item of changes.changed) this.byKey.set(item.key, seen(item, timestamp));
    this.rows = [...this.byKey.values()];
  }
}

/** The objects come fresh from the parser and belong to nobody else. */
function seen<T extends object>(item: T, timestamp: number): Seen<T> {
  return Object.assign(item, { seen_at: timestamp });
}

/** Keeps the world current by snapshots, deltas and events. */
export class WorldKeeper {
  private services = new Shelf<Service>();
  private pools = new Shelf<Pool>();
  private components = new Shelf<Component>();
  private breakers = new Shelf<Breaker>();
  private streams = new Shelf<Stream>();
  private alerts = new Shelf<Alert>();
  private exporters = new Shelf<Exporter>();
  private workers = new Rates<Seen<Worker>>();
  world: World | null = null;

  /** Takes a whole picture. A different run throws the old one away and leaves a mark. */
  snapshot(whole: Whole): void {
    const before = this.world;
    const isRestart = before !== null && before.runId !== whole.run_id;
    const at = whole.timestamp;
    this.services.reset(whole.services, at);
    this.pools.reset(whole.pools ?? [], at);
    this.components.reset(whole.components ?? [], at);
    this.breakers.reset(whole.breakers ?? [], at);
    this.streams.reset(whole.streams ?? [], at);
    this.alerts.reset(whole.alerts ?? [], at);
    this.exporters.reset(whole.exporters ?? [], at);
    if (isRestart) this.workers.forget();
    this.workers.reset(
      (whole.workers ?? []).map((worker) => seen(worker, at)),
      at,
    );
    const restarts = isRestart ? [...before.restarts, at].slice(-RESTARTS_MAX) : (before?.restarts ?? []);
    this.world = {
      runId: whole.run_id,
      latestEvent: whole.latest_event,
      events: isRestart ? [] : (before?.events ?? []),
      restarts,
      recommendations: whole.recommendations ?? [],
      traces: whole.traces ?? null,
      errors: whole.errors ?? [],
      ...this.shelves(),
      snapshotId: whole.snapshot_id,
      timestamp: at,
      system: whole.system,
    };
  }

  /** Takes what has changed since; nothing before the first snapshot. */
  delta(delta: Delta): void {
    const before = this.world;
    if (!before) return;
    const at = delta.timestamp;
    this.services.apply(delta.services as Changes<Service> | null, at);
    this.pools.apply(delta.pools as Changes<Pool> | null, at);
    this.components.apply(delta.components as Changes<Component> | null, at);
    this.breakers.apply(delta.breakers as Changes<Breaker> | null, at);
    this.streams.apply(delta.streams as Changes<Stream> | null, at);
    this.alerts.apply(delta.alerts as Changes<Alert> | null, at);
    this.exporters.apply(delta.exporters as Changes<Exporter> | null, at);
    const workers = delta.workers as Changes<Worker> | null | undefined;
    this.workers.apply(
      (workers?.changed ?? []).map((worker) => seen(worker, at)),
      workers?.removed ?? [],
      at,
    );
    this.world = {
      ...before,
      ...this.shelves(),
      snapshotId: delta.snapshot_id,
      timestamp: at,
      system: delta.system,
      recommendations: delta.recommendations ?? before.recommendations,
      traces: delta.traces ?? before.traces,
    };
  }

  /** Takes events in any order; doubles are dropped. */
  happened(events: Happening[]): void {
    const before = this.world;
    if (!before || events.length === 0) return;
    const known = new Map(before.events.map((event) => [event.id, event]));
    for (const event of events) known.set(event.id, event);
    const all = [...known.values()].sort((one, other) => other.id - one.id).slice(0, EVENTS_MAX);
    this.world = { ...before, events: all, latestEvent: Math.max(before.latestEvent, all[0]?.id ?? 0) };
  }

  /** Time has passed without a change. */
  ping(timestamp: number): void {
    if (this.world && timestamp > this.world.timestamp) {
      this.workers.apply([], [], timestamp);
      this.world = { ...this.world, timestamp, workers: this.workers.rows };
    }
  }

  /** Rates of workers need a past; the server has one. */
  seed(times: readonly number[], columns: ReadonlyMap<string, readonly (number | null)[]>): void {
    if (!this.world) return;
    this.workers.seed(times, columns, this.world.timestamp);
    this.world = { ...this.world, workers: this.workers.rows };
  }

  /** The whole picture as a server would tell it, for a tab that joins. */
  whole(): Whole | null {
    const world = this.world;
    if (!world) return null;
    return {
      snapshot_id: world.snapshotId,
      timestamp: world.timestamp,
      run_id: world.runId,
      latest_event: world.latestEvent,
      system: world.system,
      services: world.services,
      pools: world.pools,
      workers: world.workers,
      components: world.components,
      breakers: world.breakers,
      streams: world.streams,
      alerts: world.alerts,
      recommendations: world.recommendations,
      exporters: world.exporters,
      traces: world.traces as Whole["traces"],
      errors: world.errors,
    } as Whole;
  }

  private shelves() {
    return {
      services: this.services.rows,
      pools: this.pools.rows,
      workers: this.workers.rows,
      components: this.components.rows,
      breakers: this.breakers.rows,
      streams: this.streams.rows,
      alerts: this.alerts.rows,
      exporters: this.exporters.rows,
    };
  }
}
