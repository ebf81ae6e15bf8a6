import type { Transition } from "@/api";

/** A stretch of time in one state. */
export interface Band {
  state: string;
  from: number;
  to: number;
  reason: string | null;
}

/**
 * What a breaker's transitions mean between two moments. Before the first known transition it was in the state that this one
 * left; without any it has been as it is.
 */
export function bands(transitions: readonly Transition[], now: string, from: number, to: number): Band[] {
  // The list is newest first; of equal moments the later one must stay the later.
  const known = [...transitions].reverse().sort((one, other) => one.at - other.at);
  const found: Band[] = [];
  let state = known[0]?.from ?? now;
  let start = from;
  let reason: string | null = null;
  for (const change of known) {
    if (change.at > to) break;
    if (change.at > start) found.push({ state, from: start, to: change.at, reason });
    start = Math.max(from, change.at);
    state = change.to;
    reason = change.reason ?? null;
  }
  if (to > start) found.push({ state, from: start, to, reason });
  return found;
}
