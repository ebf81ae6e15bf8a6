import { useMemo } from "react";
import { column, useHistory, useWindow } from "@/charts/history";
import { between } from "@/charts/rates";
import { useWorld } from "@/live/store";
import { Sparkline } from "@/parts/sparkline";
import { Tile } from "@/parts/tile";
import { rangeSeconds } from "@/routes/search";
import { carried, useAddress, useRange } from "@/routes/use-search";
import { bytes, compact, integer, percent, rate } from "@/words/format";
import { t } from "@/words/translate";

const SPARK = { width: 200, height: 32 };
const EVERYTHING: string[] = [];

/** Rate, errors, memory, processor, workers, traces. */
export function Figures() {
  const system = useWorld((world) => world.system);
  const traces = useWorld((world) => world.traces);
  const address = useAddress();
  const search = carried(address);
  const line = useLines();
  const kind = system.error_rate > 0.2 ? "bad" : system.error_rate > 0.1 ? "warn" : "ok";
  const isTold = system.memory_usage_mb !== null || system.cpu_usage_percent !== null;
  return (
    <div className={`grid grid-cols-2 gap-4 ${isTold ? "md:grid-cols-3" : ""}`}>
      <Tile
        label={t("figure.rate")}
        value={rate(system.items_per_second)}
        unit={t("unit.perSecond")}
        note={t("figure.lastMinute")}
        link={{ to: "/components", search }}
      >
        <Sparkline values={line("items_per_second")} {...SPARK} className="w-full text-ok" />
      </Tile>
      <Tile
        label={t("figure.errors")}
        value={percent(system.error_rate)}
        note={t("figure.lastMinute")}
        kind={kind}
        link={{ to: "/components", search }}
      >
        <Sparkline
          values={line("error_rate")}
          {...SPARK}
          max={0.1}
          className={`w-full ${kind === "ok" ? "text-off" : "text-bad"}`}
        />
      </Tile>
      <WorkerTile />
      {isTold && <MachineTiles line={line} />}
      <Tile
        label={t("figure.traces")}
        value={rate(traces?.traces_per_second)}
        unit={t("unit.perSecond")}
        note={t("figure.tracesNote", { total: compact(system.total_traces), active: integer(system.active_spans) })}
        link={{ to: "/traces", search }}
      >
        <Sparkline values={line("traces_per_second")} {...SPARK} className="w-full text-ok" />
      </Tile>
    </div>
  );
}

/** Memory and processor, where some service tells them. */
function MachineTiles({ line }: { line: (field: string) => (number | null)[] }) {
  const system = useWorld((world) => world.system);
  const memory = system.memory_usage_mb ?? null;
  const cpu = system.cpu_usage_percent ?? null;
  const [amount, unit] = bytes(memory === null ? null : memory * 1_048_576).split(" ");
  return (
    <>
      <Tile label={t("figure.memory")} value={amount} unit={unit ?? ""} note={t("figure.memoryNote")}>
        <Sparkline values={line("memory_usage_mb")} {...SPARK} className="w-full text-ok" />
      </Tile>
      <Tile label={t("figure.cpu")} value={percent(cpu === null ? null : cpu / 100)} note={t("figure.cpuNote")}>
        <Sparkline values={line("cpu_usage_percent")} {...SPARK} max={100} className="w-full text-ok" />
      </Tile>
    </>
  );
}

function WorkerTile() {
  const workers = useWorld((world) => world.workers);
  const address = useAddress();
  const active = useMemo(() => workers.filter((row) => row.state === "active").length, [workers]);
  const perSecond = useMemo(() => workers.reduce((sum, row) => sum + (row.requests_per_second ?? 0), 0), [workers]);
  return (
    <Tile
      label={t("figure.workers")}
      value={integer(active)}
      unit={t("figure.ofTotal", { total: integer(workers.length) })}
      note={t("figure.requestRate", { rate: rate(perSecond) })}
      link={{ to: "/workers", search: { ...carried(address), state: "active" } }}
    >
      <div className="flex h-8 items-end">
        <div className="h-2 w-full overflow-hidden rounded-full bg-raised">
          <div className="h-full bg-ok" style={{ width: `${(active / Math.max(1, workers.length)) * 100}%` }} />
        </div>
      </div>
    </Tile>
  );
}

/** The figures over the range, by field. */
function useLines(): (field: string) => (number | null)[] {
  const seconds = rangeSeconds(useRange());
  const samples = useHistory("system", EVERYTHING, seconds);
  const { from, to } = useWindow(seconds);
  return (field) => between(samples?.times ?? [], column(samples, "system", field), from, to);
}
