/** A longer forecast would be a guess. */
const FORECAST_MAX_S = 3_600;
const LOOKBACK_S = 60;

/**
 * Seconds until utilization reaches 1 if it goes on as in the last minute (least squares); 0 when it is full; null when it does
 * not rise, or too little is known.
 */
export function timeToFull(times: readonly number[], utilization: readonly (number | null)[]): number | null {
  const end = times.at(-1) ?? 0;
  const points = times
    .map((time, place) => ({ x: time - end, y: utilization[place] ?? null }))
    .filter((point): point is { x: number; y: number } => point.y !== null && point.x >= -LOOKBACK_S);
  const last = points.at(-1);
  if (last && last.y >= 1) return 0;
  const first = points[0];
  if (!last || !first || last.x - first.x < LOOKBACK_S / 4) return null;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const rise = points.reduce((sum, { y }) => sum + (y - meanY) ** 2, 0);
  const both = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const slope = both / spread;
  // A line that tells less than half of the movement foretells nothing.
  if (rise === 0 || both ** 2 / (spread * rise) < 0.5) return null;
  const now = meanY - slope * meanX;
  if (!(slope > 0)) return null;
  const left = (1 - now) / slope;
  return left >= 0 && left <= FORECAST_MAX_S ? left : null;
}
