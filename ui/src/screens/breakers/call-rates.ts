import { useEffect, useRef, useState } from "react";
import { store } from "@/live/store";

const KEPT = 60;

/** Calls a second of each breaker while the screen is open, by key. The server keeps no history of them. */
export function useCallRates(): Map<string, (number | null)[]> {
  const [rates, setRates] = useState(new Map<string, (number | null)[]>());
  const last = useRef({ at: 0, totals: new Map<string, number>() });
  useEffect(() => {
    const sample = () => {
      const { world, isPaused } = store.current();
      if (!world || isPaused || world.timestamp - last.current.at < 0.9) return;
      const span = world.timestamp - last.current.at;
      const before = last.current.totals;
      const totals = new Map(
        world.breakers.map((one) => [one.key, one.calls_succeeded + one.calls_failed + one.calls_rejected]),
      );
      last.current = { at: world.timestamp, totals };
      if (span > 60) return;
      setRates((known) => {
        const next = new Map<string, (number | null)[]>();
        for (const [key, total] of totals) {
          const previous = before.get(key);
          const rate = previous === undefined || total < previous ? null : (total - previous) / span;
          const past = known.get(key) ?? Array<null>(KEPT).fill(null);
          next.set(key, [...past.slice(1), rate]);
        }
        return next;
      });
    };
    sample();
    return store.subscribe(sample);
  }, []);
  return rates;
}
