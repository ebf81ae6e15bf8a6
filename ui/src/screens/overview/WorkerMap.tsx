import { useEffect, useMemo, useRef, useState } from "react";
import { useWorld } from "@/live/store";
import type { WorkerRow } from "@/live/world";
import { Card, Empty } from "@/parts/card";
import { type Kind, kindOf, Mark } from "@/parts/mark";
import { usePreferences } from "@/preferences/preferences";
import { Link } from "@/routes/Link";
import { carried, setAddress, useAddress } from "@/routes/use-search";
import { integer } from "@/words/format";
import { t, word } from "@/words/translate";

const STATES = ["active", "ephemeral", "creating", "ready", "idle", "offline", "terminated", "unknown"];
const HEIGHT = 168;
const GAP = 2;

/** One cell for each worker, in a stable order; the legend leads to the lists. */
export function WorkerMap() {
  const workers = useWorld((world) => world.workers);
  const address = useAddress();
  const counts = useMemo(() => countStates(workers), [workers]);
  return (
    <Card
      title={t("overview.workers")}
      side={
        workers.length > 0 && (
          <Link to="/workers" search={carried(address)} className="text-ok">
            {t("action.all", { count: integer(workers.length) })}
          </Link>
        )
      }
    >
      {workers.length === 0 ? (
        <Empty title={t("empty.workers")}>{t("empty.workersHelp")}</Empty>
      ) : (
        <>
          <Cells workers={workers} />
          <ul className="m-0 mt-3 flex list-none flex-wrap gap-x-4 gap-y-1.5 p-0">
            {[...counts].map(([state, count]) => (
              <li key={state}>
                <Link
                  to="/workers"
                  search={{ ...carried(address), state }}
                  className="inline-flex min-h-6 items-center gap-1.5 text-text no-underline hover:underline"
                >
                  <Mark kind={kindOf(state)} size={10} />
                  {word("state", state)} <span className="figures font-medium">{integer(count)}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** States with workers, in their fixed order. */
export function countStates(workers: readonly WorkerRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of workers) counts.set(row.state ?? "unknown", (counts.get(row.state ?? "unknown") ?? 0) + 1);
  const order = [...STATES, ...counts.keys()].filter((state, at, all) => all.indexOf(state) === at);
  return new Map(order.filter((state) => counts.has(state)).map((state) => [state, counts.get(state) ?? 0]));
}

function Cells({ workers }: { workers: readonly WorkerRow[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const { theme } = usePreferences();
  const side = cellSide(workers.length, width);
  const columns = Math.max(1, Math.floor((width + GAP) / (side + GAP)));
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    void theme;
    if (canvas.current && width > 0) paint(canvas.current, workers, width, side, columns);
  }, [workers, width, side, columns, theme]);
  const under = (event: { nativeEvent: MouseEvent }) => {
    const { offsetX, offsetY } = event.nativeEvent;
    return workers[Math.floor(offsetY / (side + GAP)) * columns + Math.floor(offsetX / (side + GAP))];
  };
  return (
    <div className="h-42 overflow-hidden">
      <canvas
        ref={canvas}
        role="img"
        aria-label={t("overview.workerMap", { count: workers.length })}
        className="block cursor-pointer"
        onMouseMove={(event) => {
          const row = under(event);
          event.currentTarget.title = row ? `${row.name.slice(0, 120)} · ${word("state", row.state ?? "unknown")}` : "";
        }}
        onClick={(event) => {
          const row = under(event);
          if (row) setAddress({ w: row.key }, "push");
        }}
      />
    </div>
  );
}

/** The greatest cell with which all fit. */
export function cellSide(count: number, width: number): number {
  for (let side = 22; side > 2; side -= 1) {
    const columns = Math.floor((width + GAP) / (side + GAP));
    if (columns > 0 && Math.ceil(count / columns) * (side + GAP) <= HEIGHT + GAP) return side;
  }
  return 2;
}

function paint(
  canvas: HTMLCanvasElement,
  workers: readonly WorkerRow[],
  width: number,
  side: number,
  columns: number,
): void {
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(document.documentElement);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const inks: Record<Kind, string> = {
    ok: ink("--ok"),
    warn: ink("--warn"),
    bad: ink("--bad"),
    off: ink("--line-strong"),
  };
  context.scale(scale, scale);
  workers.forEach((row, place) => {
    const x = (place % columns) * (side + GAP);
    const y = Math.floor(place / columns) * (side + GAP);
    const kind = row.stale ? "bad" : kindOf(row.state);
    context.fillStyle = inks[kind];
    context.strokeStyle = inks[kind];
    // Hollow where nothing happens, as its shape is everywhere.
    if (kind === "off" && side > 4) context.strokeRect(x + 0.75, y + 0.75, side - 1.5, side - 1.5);
    else context.fillRect(x, y, side, side);
  });
}
