import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { WorkerRow } from "@/live/world";
import type { Column } from "@/parts/data-table";
import { Name } from "@/parts/name";
import { usePreferences } from "@/preferences/preferences";
import { setAddress, useAddress } from "@/routes/use-search";
import { toggleSort } from "@/rows/sort";
import { isProblem, workerWarning } from "@/rows/worker-rows";
import { registerMover } from "@/shell/row-keys";
import { integer, rate } from "@/words/format";
import { t } from "@/words/translate";
import { WIDTHS, workerColumns } from "./columns";
import type { TableLine } from "./groups";
import { reveal, useRowsInSight } from "./in-sight";
import { SparkKeys } from "./WorkerSpark";

interface Props {
  lines: TableLine[];
  sort: { id: string; isDescending: boolean };
  sortDefault: string;
  hold: (isHeld: boolean) => void;
}

const TEMPLATE = Object.values(WIDTHS).join(" ");
const HEADING = 37;

/** A grid of which only the rows in sight are in the page. */
export function WorkerTable({ lines, sort, sortDefault, hold }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const { density } = usePreferences();
  const columns = useMemo(workerColumns, []);
  const rowHeight = density === "compact" ? 28 : 36;
  const sight = useRowsInSight(scroller, lines.length, rowHeight);
  const cursor = useCursor(lines, (place) => reveal(scroller.current, place, rowHeight, HEADING));
  const shown = lines.slice(sight.first, sight.last + 1);
  const keys = shown.flatMap((line) => (line.kind === "worker" ? [line.key] : []));
  return (
    <SparkKeys keys={keys}>
      <div
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label={t("nav.workers")}
        aria-rowcount={lines.length + 1}
        aria-colcount={columns.length}
        data-worker-grid
        onPointerEnter={() => hold(true)}
        onPointerLeave={() => hold(false)}
        className="panel relative h-[70dvh] min-h-0 overflow-auto focus-visible:-outline-offset-2 md:h-auto md:grow"
      >
        <div style={{ height: lines.length * rowHeight + HEADING }} className="relative min-w-280">
          <Headings columns={columns} sort={sort} sortDefault={sortDefault} />
          {shown.map((line, at) => {
            const index = sight.first + at;
            const place = { index, top: index * rowHeight + HEADING, isChosen: cursor.key === line.key };
            return line.kind === "group" ? (
              <GroupLine key={line.key} line={line} {...place} />
            ) : (
              <WorkerLine key={line.key} row={line.row} columns={columns} {...place} />
            );
          })}
        </div>
      </div>
    </SparkKeys>
  );
}

/** j and k move through all rows, also through those that are not in the page. */
function useCursor(lines: TableLine[], reveal: (place: number) => void): { key: string } {
  const [key, setKey] = useState("");
  const latest = useRef({ lines, key, reveal });
  latest.current = { lines, key, reveal };
  useEffect(
    () =>
      registerMover((step) => {
        const { lines: all, key: known, reveal: show } = latest.current;
        const at = all.findIndex((line) => line.key === known);
        let next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
        if (all[next]?.kind === "group") next += step;
        const line = all[next];
        if (!line) return;
        show(next);
        setKey(line.key);
      }),
    [],
  );
  return { key };
}

interface Place {
  index: number;
  top: number;
  isChosen: boolean;
}

const WorkerLine = memo(function WorkerLine(props: { row: WorkerRow; columns: Column<WorkerRow>[] } & Place) {
  const { row, columns, index, top, isChosen } = props;
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) element.current?.focus({ preventScroll: true });
  }, [isChosen]);
  const open = () => setAddress({ w: row.key }, "push");
  const isBad = isProblem(workerWarning(row));
  return (
    <div
      ref={element}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      data-row
      data-key={row.key}
      onClick={open}
      onKeyDown={(event) => event.key === "Enter" && open()}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: TEMPLATE }}
      className={`row-height absolute inset-x-0 top-0 grid cursor-pointer items-center border-line border-b px-1 hover:bg-raised/70 focus-visible:-outline-offset-2 ${isBad ? "bg-bad-soft/40" : ""}`}
    >
      {columns.map((column, place) => (
        <div
          key={column.id}
          role="gridcell"
          aria-colindex={place + 1}
          className={`min-w-0 overflow-hidden px-2 whitespace-nowrap ${column.isNumber && column.id !== "warn" ? "figures text-right" : ""}`}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
});

function GroupLine({ line, index, top }: { line: Extract<TableLine, { kind: "group" }> } & Place) {
  const active = line.rows.filter((row) => row.state === "active").length;
  const perSecond = line.rows.reduce((sum, row) => sum + (row.requests_per_second ?? 0), 0);
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
      className="row-height absolute inset-x-0 top-0 border-line border-b bg-raised"
    >
      <div role="gridcell" className="sticky left-0 flex h-full w-fit max-w-full items-center gap-3 px-3">
        <Name text={line.app || t("workers.noApp")} className="font-semibold" />
        <span className="figures text-muted text-xs whitespace-nowrap">
          {t("workers.groupAbout", {
            count: integer(line.rows.length),
            active: integer(active),
            rate: rate(perSecond),
          })}
        </span>
      </div>
    </div>
  );
}

function Headings(props: { columns: Column<WorkerRow>[]; sort: Props["sort"]; sortDefault: string }) {
  const { columns, sort, sortDefault } = props;
  const address = useAddress();
  const Arrow = sort.isDescending ? ArrowDown : ArrowUp;
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={1}
      style={{ gridTemplateColumns: TEMPLATE, height: HEADING }}
      className="sticky top-0 z-10 grid items-center border-line border-b bg-surface px-1 text-muted text-xs"
    >
      {columns.map((column) => {
        const isSorted = sort.id === column.id;
        const sorted = sort.isDescending ? "descending" : "ascending";
        const next = () => toggleSort(address.sort, column.id, sortDefault, column.isNumber ?? false);
        return (
          <div
            key={column.id}
            role="columnheader"
            tabIndex={-1}
            aria-sort={isSorted ? sorted : undefined}
            className={`px-2 font-medium ${column.isNumber && column.id !== "warn" ? "text-right" : ""}`}
          >
            {column.value ? (
              <button
                type="button"
                className={`inline-flex min-h-6 items-center gap-1 whitespace-nowrap hover:text-text ${isSorted ? "text-text" : ""}`}
                onClick={() => setAddress({ sort: next() })}
              >
                {column.title}
                {isSorted && <Arrow size={12} aria-hidden="true" />}
              </button>
            ) : (
              column.title
            )}
          </div>
        );
      })}
    </div>
  );
}
