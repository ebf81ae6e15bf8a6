import type { WorkerRow } from "@/live/world";
import { Since } from "@/parts/age";
import type { Column } from "@/parts/data-table";
import { Mark, StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { errorRate, gravity, meanRate, workerWarning } from "@/rows/worker-rows";
import { bytes, integer, percent, rate, wholeDuration } from "@/words/format";
import { type Key, t } from "@/words/translate";
import { WorkerSpark } from "./WorkerSpark";

/** Width of each column in the grid; the sum stays below 1,120 px. */
export const WIDTHS: Record<string, string> = {
  warn: "84px",
  state: "100px",
  id: "minmax(140px,1.6fr)",
  app: "minmax(72px,1fr)",
  pool: "minmax(72px,1fr)",
  requests: "86px",
  rate: "64px",
  errors: "62px",
  avg: "64px",
  rss: "84px",
  heap: "84px",
  uptime: "100px",
  spark: "100px",
};

/** Made when asked, since their titles follow the language. */
export function workerColumns(): Column<WorkerRow>[] {
  return WORKER_COLUMNS.map((column) => ({ ...column, title: t(`column.${column.id}` as Key) }));
}

const number = (value: number | null | undefined) => value ?? null;

export const WORKER_COLUMNS: Column<WorkerRow>[] = [
  {
    id: "warn",
    title: "",
    value: (row) => gravity(workerWarning(row)),
    cell: (row) => <Warn row={row} />,
    isNumber: true,
  },
  { id: "state", title: "", value: (row) => row.state, cell: (row) => <StateWord state={row.state} /> },
  { id: "id", title: "", value: (row) => row.name, cell: (row) => <Name text={row.name} isCode /> },
  { id: "app", title: "", value: (row) => row.app, cell: (row) => <Name text={row.app} /> },
  { id: "pool", title: "", value: (row) => row.pool, cell: (row) => <Name text={row.pool} /> },
  {
    id: "requests",
    title: "",
    value: (row) => number(row.requests),
    cell: (row) => integer(row.requests),
    isNumber: true,
  },
  {
    id: "rate",
    title: "",
    value: (row) => row.requests_per_second,
    cell: (row) => rate(row.requests_per_second),
    isNumber: true,
  },
  { id: "errors", title: "", value: errorRate, cell: (row) => <Errors row={row} />, isNumber: true },
  { id: "avg", title: "", value: meanRate, cell: (row) => rate(meanRate(row)), isNumber: true },
  {
    id: "rss",
    title: "",
    value: (row) => number(row.memory_rss_bytes),
    cell: (row) => bytes(row.memory_rss_bytes),
    isNumber: true,
  },
  {
    id: "heap",
    title: "",
    value: (row) => number(row.memory_heap_used_bytes),
    cell: (row) => bytes(row.memory_heap_used_bytes),
    isNumber: true,
  },
  {
    id: "uptime",
    title: "",
    value: (row) => number(row.uptime_seconds),
    cell: (row) => <Uptime row={row} />,
    isNumber: true,
  },
  { id: "spark", title: "", cell: (row) => <WorkerSpark row={row} /> },
];

function Warn({ row }: { row: WorkerRow }) {
  const warning = workerWarning(row);
  if (warning === null) return <span className="sr-only">{t("warn.none")}</span>;
  const kind = gravity(warning) >= 3 ? "bad" : gravity(warning) === 2 ? "warn" : "off";
  return (
    <span className="inline-flex items-center gap-1.5" title={t(`warnHelp.${warning}` as Key)}>
      <Mark kind={kind} size={10} />
      {t(`warn.${warning}` as Key)}
    </span>
  );
}

function Errors({ row }: { row: WorkerRow }) {
  const value = errorRate(row);
  return <span className={value !== null && value > 0.1 ? "font-medium text-bad" : ""}>{percent(value)}</span>;
}

/** Counts on while the worker reports; stands still when it no longer does. */
function Uptime({ row }: { row: WorkerRow }) {
  if (row.uptime_seconds === null || row.uptime_seconds === undefined) return <>–</>;
  if (row.stale) return <>{wholeDuration(row.uptime_seconds)}</>;
  return <Since at={row.seen_at - row.uptime_seconds} />;
}
