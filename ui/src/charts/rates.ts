/** Several rates at each moment in one; unknown where all are unknown. */
export function sumOf(lines: (number | null)[][]): (number | null)[] {
  return (lines[0] ?? []).map((_, place) => {
    const known = lines.map((line) => line[place] ?? null).filter((value): value is number => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
}

/** The values between two moments. */
export function between(times: number[], values: (number | null)[], from: number, to: number): (number | null)[] {
  return values.filter((_, place) => {
    const time = times[place] ?? 0;
    return time >= from && time <= to;
  });
}
