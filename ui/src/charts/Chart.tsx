import { Table2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Button } from "@/parts/button";
import { usePreferences } from "@/preferences/preferences";
import { t } from "@/words/translate";
import { ChartTable } from "./ChartTable";

const Canvas = lazy(() => import("./Canvas"));

export interface Line {
  label: string;
  values: (number | null)[];
  /** 1 to 6, a colour of its own, or a state's. */
  color: 1 | 2 | 3 | 4 | 5 | 6 | "ok" | "warn" | "bad" | "off";
  isDashed?: boolean;
  /** Filled down to the line before it. */
  isArea?: boolean;
}

export interface ChartProps {
  title: string;
  times: number[];
  lines: Line[];
  /** The moments at the edges, in Unix seconds. */
  from: number;
  to: number;
  format: (value: number | null) => string;
  /** The least top of the scale. */
  max?: number;
  /** Between which round numbers the axis is divided; decimal ones otherwise. */
  steps?: number[];
  /** Lines stand on each other; values stay their own. */
  isStacked?: boolean;
  height?: number;
  /** Moments that deserve a mark, such as restarts. */
  marks?: readonly number[];
  side?: ReactNode;
}

/** A chart over time, with its legend and the same as a table. It keeps its height whatever it shows. */
export function Chart(props: ChartProps) {
  const { title, lines, format, height = 180, side } = props;
  const [isTable, setTable] = useState(false);
  const [at, setAt] = useState<number | null>(null);
  const { theme } = usePreferences();
  return (
    <figure className="panel m-0 flex min-w-0 flex-col px-4 pt-2 pb-3" aria-label={title}>
      <figcaption className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1">
        <span className="font-semibold text-base">{title}</span>
        <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-1 text-xs">
          {lines.map((line) => (
            <Legend key={line.label} line={line} value={format(valueAt(line.values, at))} />
          ))}
        </div>
        <div className="ml-auto flex items-center gap-2">
          {side}
          <Button
            look={isTable ? "pressed" : "quiet"}
            className="h-7 min-w-7 px-1.5"
            aria-pressed={isTable}
            aria-label={t("chart.asTable")}
            title={t("chart.asTable")}
            onClick={() => setTable(!isTable)}
          >
            <Table2 size={14} aria-hidden="true" />
          </Button>
        </div>
      </figcaption>
      <div style={{ height }} className="relative min-w-0">
        {isTable ? (
          <ChartTable {...props} />
        ) : (
          <Suspense fallback={null}>
            <Canvas key={theme} {...props} height={height} onCursor={setAt} />
          </Suspense>
        )}
      </div>
    </figure>
  );
}

function valueAt(values: (number | null)[], at: number | null): number | null {
  if (at !== null) return values[at] ?? null;
  return values.findLast((value) => value !== null) ?? null;
}

export function colorOf(line: Line): string {
  return typeof line.color === "number" ? `var(--line-${line.color})` : `var(--${line.color})`;
}

function Legend({ line, value }: { line: Line; value: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <svg width="14" height="8" aria-hidden="true" className="shrink-0" style={{ color: colorOf(line) }}>
        <path
          d="M0 4h14"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeDasharray={line.isDashed ? "4 2.5" : undefined}
        />
      </svg>
      <bdi className="max-w-40 truncate text-muted">{line.label}</bdi>
      <span className="figures font-medium">{value}</span>
    </span>
  );
}
