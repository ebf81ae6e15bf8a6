import { useMemo } from "react";
import { column, useHistory, useWindow } from "@/charts/history";
import { between, sumOf } from "@/charts/rates";
import { slidingRate } from "@/live/rates";
import type { BreakerRow } from "@/live/world";
import { Age, Since } from "@/parts/age";
import { kindOf, StatePill } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Sparkline } from "@/parts/sparkline";
import { rangeSeconds } from "@/routes/search";
import { useRange } from "@/routes/use-search";
import { compact, integer } from "@/words/format";
import { plural, t, word } from "@/words/translate";

const RATE_WINDOW_S = 10;
const EVERYTHING: string[] = [];
const EDGE = { bad: "border-l-bad", warn: "border-l-warn", ok: "border-l-ok", off: "border-l-off" };

/** A dense tile for each circuit: state, what it let through, what it kept away. */
export function Tiles({ breakers }: { breakers: readonly BreakerRow[] }) {
  const seconds = rangeSeconds(useRange());
  const samples = useHistory("breaker", EVERYTHING, seconds);
  const { from, to } = useWindow(seconds);
  const callsOf = (key: string) => {
    const times = samples?.times ?? [];
    const rate = (field: string) => slidingRate(times, column(samples, key, field), RATE_WINDOW_S);
    return between(times, sumOf(["calls_succeeded", "calls_failed", "calls_rejected"].map(rate)), from, to);
  };
  return (
    <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(min(100%,290px),1fr))] gap-4 p-0">
      {breakers.map((breaker) => (
        <BreakerTile key={breaker.key} breaker={breaker} calls={callsOf(breaker.key)} />
      ))}
    </ul>
  );
}

function BreakerTile({ breaker, calls }: { breaker: BreakerRow; calls: (number | null)[] }) {
  const kind = kindOf(breaker.state);
  const total = (breaker.calls_succeeded ?? 0) + (breaker.calls_failed ?? 0) + (breaker.calls_rejected ?? 0);
  // Size means volume, as on Hystrix's dashboard: a circle whose area grows with the logarithm of the calls.
  const radius = useMemo(() => 5 + Math.min(15, Math.log10(1 + total) * 3), [total]);
  return (
    <li data-row tabIndex={-1} className={`panel flex min-w-0 flex-col gap-3 border-l-4 px-4 py-3 ${EDGE[kind]}`}>
      <div className="flex min-w-0 items-start gap-3">
        <span className="min-w-0 grow">
          <Name isBlock text={breaker.name} className="font-semibold text-base" />
          <Name
            isBlock
            text={[breaker.service, breaker.component].filter(Boolean).join(" · ")}
            className="text-muted text-xs"
          />
        </span>
        <StatePill kind={kind} text={word("state", breaker.state ?? "unknown")} />
      </div>
      <div className="relative flex h-10 items-center">
        <svg width="44" height="40" viewBox="0 0 44 40" aria-hidden="true" className={`shrink-0 text-${kind}`}>
          <circle
            cx="21"
            cy="20"
            r={radius}
            fill="currentColor"
            fillOpacity="0.18"
            stroke="currentColor"
            strokeWidth="1.5"
          />
        </svg>
        <Sparkline values={calls} height={32} className={`min-w-0 grow text-${kind}`} />
      </div>
      <dl className="figures m-0 grid grid-cols-3 gap-2 text-xs">
        <Count title={t("breaker.succeeded")} value={breaker.calls_succeeded} />
        <Count title={t("breaker.failed")} value={breaker.calls_failed} />
        <Count title={t("breaker.rejected")} value={breaker.calls_rejected} />
      </dl>
      <p className="figures m-0 flex flex-wrap justify-between gap-x-3 border-line border-t pt-2 text-muted text-xs">
        <span>
          {t("breaker.since")} <Since at={breaker.since} />
        </span>
        <span>{plural("breaker.transitions", breaker.transitions, integer(breaker.transitions))}</span>
        <span className="w-full">
          {t("breaker.lastFailure")} {breaker.last_failure ? <Age at={breaker.last_failure} /> : "–"}
        </span>
      </p>
    </li>
  );
}

function Count({ title, value }: { title: string; value: number | null | undefined }) {
  return (
    <div>
      <dt className="truncate text-muted">{title}</dt>
      <dd className="m-0 font-semibold text-base">{compact(value)}</dd>
    </div>
  );
}
