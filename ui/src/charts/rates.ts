import { slidingRate } from "@/live/rates";
import { column, type Samples } from "./history";

/** Seconds over which a counter's rate is taken, where its service reports each few seconds. */
export const RATE_WINDOW_S = 10;

/** The rate of one counter of several entities, summed; unknown where all are unknown. */
export function summedRate(
  samples: Samples | null,
  keys: readonly string[],
  field: string,
  windowSeconds = RATE_WINDOW_S,
): (number | null)[] {
  if (!samples) return [];
  const sums: (number | null)[] = samples.times.map(() => null);
  for (const key of keys) {
    slidingRate(samples.times, column(samples, key, field), windowSeconds).forEach((value, place) => {
      if (value !== null) sums[place] = (sums[place] ?? 0) + value;
    });
  }
  return sums;
}

/** One column divided by another; unknown where the divisor is zero. */
export function ratio(parts: (number | null)[], wholes: (number | null)[]): (number | null)[] {
  return parts.map((part, place) => {
    const whole = wholes[place] ?? null;
    return part === null || whole === null || whole <= 0 ? null : part / whole;
  });
}

/** The values between two moments. */
export function between(times: number[], values: (number | null)[], from: number, to: number): (number | null)[] {
  return values.filter((_, place) => {
    const time = times[place] ?? 0;
    return time >= from && time <= to;
  });
}
