import type { WorkerRow } from "@/live/world";

const FIELDS = [
  "name",
  "app",
  "pool",
  "service",
  "instance",
  "environment",
  "state",
  "stale",
  "requests",
  "requests_per_second",
  "errors",
  "recent_error_rate",
  "memory_rss_bytes",
  "memory_heap_used_bytes",
  "uptime_seconds",
  "key",
] as const;

/** The rows that the filters leave, as a file. */
export function download(form: "csv" | "json", rows: readonly WorkerRow[]): void {
  const text = form === "csv" ? toCsv(rows) : JSON.stringify(rows, null, 2);
  const type = form === "csv" ? "text/csv;charset=utf-8" : "application/json";
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `workers.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function toCsv(rows: readonly WorkerRow[]): string {
  const lines = rows.map((row) => FIELDS.map((field) => cell(row[field])).join(","));
  return `${[FIELDS.join(","), ...lines].join("\r\n")}\r\n`;
}

/** Quoted where needed; what a spreadsheet would take for a formula gets an apostrophe. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
