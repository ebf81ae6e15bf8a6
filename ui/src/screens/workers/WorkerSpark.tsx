import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { History } from "@/api";
import { get } from "@/api/request";
import { slidingRate } from "@/live/rates";
import { column, fromHistory, type Samples } from "@/live/samples";
import { useView } from "@/live/store";
import type { WorkerRow } from "@/live/world";
import { Sparkline } from "@/parts/sparkline";
import { rangeSeconds } from "@/routes/search";
import { useRange } from "@/routes/use-search";

const SETTLED_MS = 250;
/** Workers are sampled every ten seconds. */
const AGAIN_MS = 10_000;
const KEYS_MAX = 80;

const Known = createContext<Samples | null>(null);

/** Asks for the history of the rows in sight, once scrolling has come to rest. */
export function SparkKeys({ keys, children }: { keys: readonly string[]; children: ReactNode }) {
  const [samples, setSamples] = useState<Samples | null>(null);
  const isLive = useView((view) => !view.isPaused && view.freshness === "live");
  const seconds = Math.max(300, rangeSeconds(useRange()));
  const asked = useMemo(() => [...keys].sort().slice(0, KEYS_MAX).join(" "), [keys]);
  useEffect(() => {
    if (asked === "" || !isLive) return;
    const abort = new AbortController();
    const parameters = new URLSearchParams({ entity: "worker", range: `${seconds}s` });
    for (const key of asked.split(" ")) parameters.append("key", key);
    const ask = () =>
      get<History>(`history?${parameters}`, abort.signal)
        .then((history) => setSamples(fromHistory(history)))
        // A worker that has just gone makes the question bad; the next one is without it.
        .catch(() => undefined);
    const first = setTimeout(ask, SETTLED_MS);
    const again = setInterval(ask, AGAIN_MS);
    return () => {
      abort.abort();
      clearTimeout(first);
      clearInterval(again);
    };
  }, [asked, isLive, seconds]);
  return <Known value={samples}>{children}</Known>;
}

/** Requests a second over the range. */
export function WorkerSpark({ row }: { row: WorkerRow }) {
  const samples = useContext(Known);
  const values = useMemo(
    () => (samples ? slidingRate(samples.times, column(samples, row.key, "requests"), 20) : []),
    [samples, row.key],
  );
  if (values.length < 2) return <span className="block h-5 border-line border-b" />;
  return <Sparkline values={values} width={88} height={20} className="w-full text-ok" />;
}
