/** What stands in the address: all of the page's state. */
export interface Search {
  /** Text and `field:value` terms. */
  q?: string;
  /** A state, a level or the like; several by commas. */
  state?: string;
  /** A column, `-` before it for descending. */
  sort?: string;
  range?: Range;
  /** Where charts end, in Unix milliseconds; with `live=0`. */
  at?: string;
  /** The worker in the drawer. */
  w?: string;
  /** `0`: paused. */
  live?: "0";
  group?: string;
  view?: string;
}

export const RANGES = ["1m", "5m", "15m"] as const;
export type Range = (typeof RANGES)[number];
export const RANGE_DEFAULT: Range = "5m";
const TEXT_MAX = 2_100;
const TEXTS = ["q", "state", "sort", "w", "group", "view"] as const;

export function rangeSeconds(range: Range): number {
  return { "1m": 60, "5m": 300, "15m": 900 }[range];
}

/** Takes what is known and makes sense; the rest of an address is left out. */
export function readSearch(raw: Record<string, unknown>): Search {
  const search: Search = {};
  for (const key of TEXTS) {
    const value = raw[key];
    if (typeof value === "string" && value !== "" && value.length <= TEXT_MAX) search[key] = value;
  }
  const range = RANGES.find((one) => one === raw.range);
  if (range && range !== RANGE_DEFAULT) search.range = range;
  if (raw.live === "0") search.live = "0";
  if (raw.live === "0" && typeof raw.at === "string" && /^\d{12,14}$/.test(raw.at)) search.at = raw.at;
  return search;
}

/** Plain text, so that `q=app:shop` stays readable. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function printSearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(key, String(value));
  }
  const text = parameters.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%3E", ">");
  return text === "" ? "" : `?${text}`;
}
