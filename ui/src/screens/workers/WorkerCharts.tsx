import { useMemo } from "react";
import { Chart } from "@/charts/Chart";
import { column, useHistory, useWindow } from "@/charts/history";
import { slidingRate } from "@/live/rates";
import { useWorld } from "@/live/store";
import type { WorkerRow } from "@/live/world";
import { FILL, kindOf, Mark } from "@/parts/mark";
import { byteSteps, bytes, rate, timeOfDay } from "@/words/format";
import { t, word } from "@/words/translate";

const RANGE_S = 900;
/** The codes of the history's state column. */
const STATES = ["creating", "ready", "active", "idle", "terminated", "ephemeral", "offline"];

/** The last fifteen minutes of one worker. */
export function WorkerCharts({ row }: { row: WorkerRow }) {
  const samples = useHistory(
    "worker",
    useMemo(() => [row.key], [row.key]),
    RANGE_S,
  );
  const restarts = useWorld((world) => world.restarts);
  const { from, to } = useWindow(RANGE_S);
  const lines = useMemo(
    () => ({
      requests: slidingRate(samples?.times ?? [], column(samples, row.key, "requests"), 20),
      errors: slidingRate(samples?.times ?? [], column(samples, row.key, "errors"), 20),
      rss: column(samples, row.key, "memory_rss"),
      heap: column(samples, row.key, "memory_heap_used"),
      states: column(samples, row.key, "state"),
    }),
    [samples, row.key],
  );
  const shared = { times: samples?.times ?? [], from, to, marks: restarts, height: 130 };
  return (
    <div className="grid gap-4">
      <StateStrip times={shared.times} states={lines.states} from={from} to={to} />
      <Chart
        title={t("worker.rate")}
        {...shared}
        format={rate}
        lines={[
          { label: t("column.requests"), values: lines.requests, color: 1, isArea: true },
          { label: t("worker.errorsPerSecond"), values: lines.errors, color: "bad", isDashed: true },
        ]}
      />
      <Chart
        title={t("worker.memory")}
        {...shared}
        format={bytes}
        steps={byteSteps()}
        lines={[
          { label: t("column.rss"), values: lines.rss, color: 1 },
          { label: t("column.heap"), values: lines.heap, color: 2, isDashed: true },
        ]}
      />
    </div>
  );
}

/** Which state it was in, sample by sample; with a legend and both ends named. */
function StateStrip(props: { times: number[]; states: (number | null)[]; from: number; to: number }) {
  const { times, states, from, to } = props;
  const shown = times
    .map((time, place) => ({ time, state: STATES[states[place] ?? -1] ?? null }))
    .filter(({ time, state }) => state !== null && time >= from && time <= to);
  const seen = [...new Set(shown.flatMap(({ state }) => (state ? [state] : [])))];
  const label = t("worker.states", { states: seen.map((state) => word("state", state)).join(", ") });
  return (
    <figure className="panel m-0 px-4 pt-2 pb-3">
      <figcaption className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1 text-xs">
        <span className="font-semibold text-base">{t("worker.stateStrip")}</span>
        {seen.map((state) => (
          <span key={state} className="inline-flex items-center gap-1.5">
            <Mark kind={kindOf(state)} size={10} />
            {word("state", state)}
          </span>
        ))}
      </figcaption>
      <div role="img" aria-label={label} className="flex h-7 items-end gap-px">
        {shown.map(({ time, state }) => (
          <span
            key={time}
            title={`${timeOfDay(time)} ${word("state", state ?? "unknown")}`}
            className={`min-w-0 flex-1 rounded-sm ${FILL[kindOf(state)]} ${HEIGHTS[kindOf(state)]}`}
          />
        ))}
      </div>
      <div className="figures mt-1 flex justify-between text-muted text-xs">
        <span>{timeOfDay(shown[0]?.time)}</span>
        <span>{timeOfDay(shown.at(-1)?.time)}</span>
      </div>
    </figure>
  );
}

/** Never colour alone: what is busy stands taller. */
const HEIGHTS = { ok: "h-7", warn: "h-5", bad: "h-7", off: "h-3" };
