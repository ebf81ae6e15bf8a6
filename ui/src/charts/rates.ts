const FILLED_MAX = 1_000;

/** Several rates at each moment in one; unknown where all are unknown. */
export function sumOf(lines: (number | null)[][]): (number | null)[] {
  return (lines[0] ?? []).map((_, place) => {
    const known = lines.map((line) => line[place] ?? null).filter((value): value is number => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
}

/**
 * The values between two moments, for a line that has no axis: where less is known than that, the beginning stays empty, so that a
 * minute does not look like five.
 */
export function between(times: number[], values: (number | null)[], from: number, to: number): (number | null)[] {
  const inside = times.map((time, place) => ({ time, place })).filter(({ time }) => time >= from && time <= to);
  const shown = inside.map(({ place }) => values[place] ?? null);
  const [first, last] = [inside[0]?.time ?? from, inside.at(-1)?.time ?? from];
  const step = (last - first) / Math.max(1, inside.length - 1);
  const missing = step > 0 ? Math.min(FILLED_MAX, Math.max(0, Math.round((first - from) / step) - 1)) : 0;
  return [...Array<null>(missing).fill(null), ...shown];
}
