/** How current the page is. */
export type Freshness = "loading" | "live" | "stale" | "disconnected" | "refused";

export interface Refused {
  status: number;
  title: string;
  detail: string;
  retryAfterSeconds: number | null;
}

/** What is known of the connection; times in milliseconds of this machine. */
export interface Connection {
  /** When the last event of any kind arrived; null before the first. */
  heardAt: number | null;
  /** Whether the connection is down, as its owner knows. */
  isDown: boolean;
  /** When the next try comes, while it is down. */
  retryAt: number | null;
  /** How often it was tried in vain since it went down. */
  failures: number;
  /** The answer that refused it. */
  refused: Refused | null;
}

export const NO_CONNECTION: Connection = { heardAt: null, isDown: false, retryAt: null, failures: 0, refused: null };

/** The server pings this often, so that nothing is expected more often. */
const PING_MS = 5_000;

/** Judges by the table of the design: 2.5 intervals of silence are stale, 4 are a lost connection. */
export function freshness(connection: Connection, nowMs: number, intervalMs = PING_MS): Freshness {
  if (connection.refused) return "refused";
  if (connection.heardAt === null) return connection.failures > 0 ? "disconnected" : "loading";
  const expected = Math.max(intervalMs, PING_MS);
  const silence = nowMs - connection.heardAt;
  if ((connection.isDown && connection.failures > 0) || silence > 4 * expected) return "disconnected";
  if (silence > 2.5 * expected) return "stale";
  return "live";
}

const STEPS_MS = [500, 2_000, 4_000, 8_000, 15_000, 30_000];

/** How long to wait before the next try: longer each time, never in step with others. */
export function backoffMs(failures: number, retryAfterSeconds: number | null, random: number): number {
  if (retryAfterSeconds !== null) return retryAfterSeconds * 1_000;
  const step = STEPS_MS[Math.min(failures, STEPS_MS.length - 1)] ?? 30_000;
  return Math.round(step * (0.8 + 0.4 * random));
}
