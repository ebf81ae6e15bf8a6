import { useEffect, useState } from "react";
import type { List, Transition } from "@/api";
import { get } from "@/api/request";
import { useWindow } from "@/charts/history";
import { useView, useWorld } from "@/live/store";
import type { BreakerRow } from "@/live/world";
import { Card } from "@/parts/card";
import { FILL, kindOf, Mark, StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { duration, integer, timeOfDay } from "@/words/format";
import { plural, t, word } from "@/words/translate";
import { type Band, bands } from "./bands";

const RANGE_S = 900;
const ASKED_MAX = 10_000;
/** Never colour alone: what is open stands tallest. */
const HEIGHTS = { ok: "h-2", warn: "h-4", bad: "h-6", off: "h-1" };

/** The last fifteen minutes of every breaker. */
export function Timeline({ breakers }: { breakers: readonly BreakerRow[] }) {
  const { from, to } = useWindow(RANGE_S);
  const transitions = useTransitions(breakers);
  const services = useWorld((world) => world.services);
  // Before its instance was heard of, nothing is known of a breaker.
  const knownFrom = (breaker: BreakerRow) =>
    Math.max(from, services.find((one) => one.instance === breaker.instance)?.first_seen ?? from);
  return (
    <Card
      title={t("breakers.lastMinutes")}
      isFlush
      side={["closed", "half_open", "open"].map((state) => (
        <span key={state} className="inline-flex items-center gap-1.5">
          <Mark kind={kindOf(state)} size={10} /> {word("state", state)}
        </span>
      ))}
    >
      <ul className="m-0 list-none p-0">
        {breakers.map((breaker) => (
          <li
            key={breaker.key}
            data-row
            tabIndex={-1}
            className="grid min-h-12 grid-cols-[minmax(0,1fr)_110px] items-center gap-x-4 gap-y-1.5 border-line border-t px-4 py-2 md:grid-cols-[220px_110px_minmax(0,1fr)_90px]"
          >
            <span className="min-w-0">
              <Name isBlock text={breaker.name} className="font-medium" />
              <Name isBlock text={breaker.component ?? breaker.service} className="text-muted text-xs" />
            </span>
            <StateWord state={breaker.state} />
            <BandStrip
              bands={bands(transitions.get(breaker.key) ?? [], breaker.state ?? "unknown", knownFrom(breaker), to)}
              from={from}
              to={to}
            />
            <span className="figures text-right text-muted text-xs max-md:hidden">
              {plural("breaker.transitions", breaker.transitions, integer(breaker.transitions))}
            </span>
          </li>
        ))}
      </ul>
      <div className="figures flex justify-between border-line border-t px-4 py-2 text-muted text-xs md:pr-[124px] md:pl-[382px]">
        <span>{timeOfDay(from)}</span>
        <span>{timeOfDay(from + RANGE_S / 2)}</span>
        <span>{timeOfDay(to)}</span>
      </div>
    </Card>
  );
}

function BandStrip({ bands: all, from, to }: { bands: Band[]; from: number; to: number }) {
  const label = all.map((band) => `${timeOfDay(band.from)} ${word("state", band.state)}`).join(", ");
  return (
    <div
      role="img"
      aria-label={label.slice(0, 600)}
      className="relative h-6 overflow-hidden rounded-sm bg-raised max-md:col-span-2"
    >
      {all.map((band) => (
        <span
          key={band.from}
          title={`${word("state", band.state)} · ${timeOfDay(band.from)} – ${timeOfDay(band.to)} (${duration(Math.round(band.to - band.from))})${band.reason ? `\n${band.reason.slice(0, 300)}` : ""}`}
          className={`absolute bottom-0 ${FILL[kindOf(band.state)]} ${HEIGHTS[kindOf(band.state)]}`}
          style={{
            left: `${((band.from - from) / (to - from)) * 100}%`,
            width: `max(2px, calc(${((band.to - band.from) / (to - from)) * 100}% - 1px))`,
          }}
        />
      ))}
    </div>
  );
}

/** Transitions by the key of their breaker; asked for anew when some breaker changes. */
function useTransitions(breakers: readonly BreakerRow[]): Map<string, Transition[]> {
  const [known, setKnown] = useState(new Map<string, Transition[]>());
  const isLive = useView((view) => view.freshness === "live" && !view.isPaused);
  const count = breakers.reduce((sum, breaker) => sum + breaker.transitions, 0);
  useEffect(() => {
    void count;
    if (!isLive) return;
    const abort = new AbortController();
    get<List<Transition>>(`transitions?range=${RANGE_S}s&limit=${ASKED_MAX}`, abort.signal)
      .then((list) => setKnown(Map.groupBy(list.items, (one) => one.key)))
      .catch(() => undefined);
    return () => abort.abort();
  }, [count, isLive]);
  return known;
}
