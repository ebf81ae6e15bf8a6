import { preferences } from "@/preferences/preferences";
import { language } from "./translate";

/** What is shown for a value that is not known. */
export const UNKNOWN = "–";

type Value = number | null | undefined;

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language()} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language(), options);
    formats.set(key, format);
  }
  return format;
}

function isKnown(value: Value): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** 12,345 */
export function integer(value: Value): string {
  return isKnown(value) ? numberFormat({ maximumFractionDigits: 0 }).format(value) : UNKNOWN;
}

/** 842, 12.3K, 4.56M: three digits that matter. */
export function compact(value: Value): string {
  if (!isKnown(value)) return UNKNOWN;
  if (Math.abs(value) < 1_000) return numberFormat({ maximumFractionDigits: 0 }).format(value);
  return numberFormat({ notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

/** A rate: 0, 0.42, 7.3, 128, 12.3K. */
export function rate(value: Value): string {
  if (!isKnown(value)) return UNKNOWN;
  if (value === 0) return "0";
  if (Math.abs(value) >= 1_000) return compact(value);
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A share as per cent: 0%, 0.42%, 42%. One that is not zero never looks like it. */
export function percent(value: Value): string {
  if (!isKnown(value)) return UNKNOWN;
  const hundred = Math.abs(value * 100);
  const digits = hundred === 0 || hundred >= 10 ? 0 : hundred >= 1 ? 1 : 2;
  if (hundred > 0 && hundred < 0.005)
    return `< ${numberFormat({ style: "percent", maximumFractionDigits: 2 }).format(0.0001)}`;
  return numberFormat({ style: "percent", maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value);
}

/** A score from 0 to 1 with two digits, never rounded up to a full 1. */
export function score(value: Value): string {
  if (!isKnown(value)) return UNKNOWN;
  const cut = value < 1 ? Math.floor(value * 100) / 100 : 1;
  return numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(cut);
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];
const DECIMAL = ["B", "kB", "MB", "GB", "TB"];

/** 512 B, 48.2 MiB. */
export function bytes(value: Value): string {
  if (!isKnown(value)) return UNKNOWN;
  const isBinary = preferences().bytes === "binary";
  const step = isBinary ? 1_024 : 1_000;
  const units = isBinary ? BINARY : DECIMAL;
  let place = 0;
  let scaled = value;
  while (Math.abs(scaled) >= step && place < units.length - 1) {
    scaled /= step;
    place += 1;
  }
  const digits = place === 0 || scaled >= 100 ? 0 : 1;
  return `${numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(scaled)} ${units[place]}`;
}

/** Round numbers of bytes in the chosen units, for an axis. */
export function byteSteps(): number[] {
  const step = preferences().bytes === "binary" ? 1_024 : 1_000;
  return [0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5, 10, 20, 50, 100, 200, 500].map((one) => one * step ** power));
}

/** 420 ms, 12 s, 3 min 20 s, 2 h 5 min, 4 d 3 h. */
export function duration(seconds: Value): string {
  if (!isKnown(seconds)) return UNKNOWN;
  const positive = Math.max(0, seconds);
  if (positive > 0 && positive < 1)
    return `${numberFormat({ maximumSignificantDigits: 3 }).format(positive * 1_000)} ms`;
  if (positive < 10 && !Number.isInteger(positive)) {
    return `${numberFormat({ maximumFractionDigits: 1 }).format(positive)} s`;
  }
  const whole = Math.floor(positive);
  if (whole < 60) return `${whole} s`;
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = parts.slice(first, first + 2).filter(([count], place) => place === 0 || count > 0);
  return shown.map(([count, unit]) => `${integer(count)} ${unit}`).join(" ");
}

/** Whole seconds of an age or an uptime, which moves. */
export function wholeDuration(seconds: Value): string {
  return isKnown(seconds) ? duration(Math.floor(Math.max(0, seconds))) : UNKNOWN;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language()} ${JSON.stringify(options)}`;
  let format = clocks.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language(), options);
    clocks.set(key, format);
  }
  return format;
}

/** 12:03:11 */
export function timeOfDay(unixSeconds: Value): string {
  if (!isKnown(unixSeconds)) return UNKNOWN;
  return clock({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(unixSeconds * 1_000);
}

/** Date and time with the zone, for a tooltip. */
export function dateTime(unixSeconds: Value): string {
  if (!isKnown(unixSeconds)) return UNKNOWN;
  return clock({ dateStyle: "medium", timeStyle: "long" }).format(unixSeconds * 1_000);
}
