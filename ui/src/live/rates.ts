/** Counters of something that has them. */
interface Counted {
  key: string;
  requests?: number | null;
  errors?: number | null;
  seen_at: number;
}

/** With its rates over the last seconds; null while they are not known. */
export type Rated<T> = T & {
  requests_per_second: number | null;
  /** Errors ÷ requests over the same window. */
  recent_error_rate: number | null;
};

/** The window in seconds, unless a service reports less often. */
const WINDOW_S = 10;
/** How many changes are remembered of each row. */
const CHANGES_MAX = 12;

interface Track {
  times: number[];
  requests: number[];
  errors: number[];
}

/**
 * Rows with rates. A counter moves when its service reports, which may be each second or each minute; a rate is therefore the
 * difference between two such moves, at least a window apart, and falls to zero when no move comes for twice that long.
 */
export class Rates<T extends Counted> {
  private tracks = new Map<string, Track>();
  private byKey = new Map<string, Rated<T>>();
  rows: Rated<T>[] = [];

  forget(): void {
    this.tracks.clear();
    this.byKey.clear();
    this.rows = [];
  }

  /** All rows anew; what was measured of those that stay is kept. */
  reset(items: T[], now: number): void {
    const keys = new Set(items.map((item) => item.key));
    const gone = [...this.byKey.keys()].filter((key) => !keys.has(key));
    this.apply(items, gone, now);
    this.byKey = new Map(items.map((item) => [item.key, this.byKey.get(item.key) as Rated<T>]));
    this.rows = [...this.byKey.values()];
  }

  /** What a history knows of rows that were met only now. */
  seed(times: readonly number[], columns: ReadonlyMap<string, readonly (number | null)[]>, now: number): void {
    for (const [key, track] of this.tracks) {
      const first = track.times[0] ?? now;
      const requests = columns.get(`${key} requests`);
      if (!requests || track.times.length > 1) continue;
      const errors = columns.get(`${key} errors`) ?? [];
      for (let place = times.length - 1; place >= 0; place -= 1) {
        const [time, value] = [times[place] ?? now, requests[place] ?? null];
        if (value === null || time >= first - 1 || value > (track.requests[0] ?? 0)) continue;
        track.times.unshift(time);
        track.requests.unshift(value);
        track.errors.unshift(Math.min(errors[place] ?? 0, track.errors[0] ?? 0));
        if (first - time >= WINDOW_S) break;
      }
      const row = this.byKey.get(key);
      if (row) this.byKey.set(key, { ...row, ...rate(track, now) });
    }
    this.rows = [...this.byKey.values()];
  }

  apply(changed: T[], removed: string[], now: number): void {
    let isSame = changed.length === 0 && removed.length === 0;
    for (const key of removed) {
      this.tracks.delete(key);
      this.byKey.delete(key);
    }
    for (const item of changed) {
      const track = this.track(item, now);
      this.byKey.set(item.key, Object.assign(item, rate(track, now)));
    }
    for (const row of this.byKey.values()) {
      if (!row.requests_per_second || row.seen_at === now) continue;
      const track = this.tracks.get(row.key);
      if (!track || !isSilent(track, now)) continue;
      this.byKey.set(row.key, { ...row, requests_per_second: 0, recent_error_rate: null });
      isSame = false;
    }
    if (!isSame) this.rows = [...this.byKey.values()];
  }

  private track(item: T, now: number): Track {
    const requests = item.requests ?? 0;
    const errors = item.errors ?? 0;
    const known = this.tracks.get(item.key);
    const last = known ? known.times.length - 1 : -1;
    if (!known || requests < (known.requests[last] ?? 0)) {
      const track = { times: [now], requests: [requests], errors: [errors] };
      this.tracks.set(item.key, track);
      return track;
    }
    if (requests === known.requests[last] && errors === known.errors[last]) return known;
    known.times.push(now);
    known.requests.push(requests);
    known.errors.push(errors);
    if (known.times.length > CHANGES_MAX) {
      known.times.shift();
      known.requests.shift();
      known.errors.shift();
    }
    return known;
  }
}

function rate(track: Track, now: number): { requests_per_second: number | null; recent_error_rate: number | null } {
  const { times, requests, errors } = track;
  const last = times.length - 1;
  if (last < 1) return { requests_per_second: null, recent_error_rate: null };
  if (isSilent(track, now)) return { requests_per_second: 0, recent_error_rate: null };
  const end = times[last] ?? now;
  let first = 0;
  while (first + 1 < last && end - (times[first + 1] ?? 0) >= WINDOW_S) first += 1;
  const span = end - (times[first] ?? end);
  if (span <= 0) return { requests_per_second: null, recent_error_rate: null };
  const handled = (requests[last] ?? 0) - (requests[first] ?? 0);
  const failed = (errors[last] ?? 0) - (errors[first] ?? 0);
  return {
    requests_per_second: handled / span,
    recent_error_rate: handled > 0 ? Math.max(0, failed) / handled : null,
  };
}

function isSilent(track: Track, now: number): boolean {
  const last = track.times.length - 1;
  const gap = (track.times[last] ?? now) - (track.times[last - 1] ?? track.times[last] ?? now);
  return now - (track.times[last] ?? now) > 2 * Math.max(WINDOW_S, gap);
}

/** The rate of a counter over a sliding window, for a chart; a step back of the counter is a restart. */
export function slidingRate(times: number[], values: (number | null)[], windowSeconds: number): (number | null)[] {
  const grown: (number | null)[] = [];
  let sum = 0;
  let previous: number | null = null;
  for (const value of values) {
    if (value !== null && previous !== null) sum += value >= previous ? value - previous : value;
    previous = value ?? previous;
    grown.push(value === null ? null : sum);
  }
  let from = 0;
  return grown.map((value, place) => {
    const now = times[place] ?? 0;
    while (from < place && now - (times[from + 1] ?? now) >= windowSeconds) from += 1;
    const base = grown[from];
    const span = now - (times[from] ?? now);
    if (value === null || base === null || base === undefined || span <= 0) return null;
    return (value - base) / span;
  });
}
