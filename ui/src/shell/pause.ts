import { store } from "@/live/store";
import { setAddress, useAddress } from "@/routes/use-search";

/** Holds the view still. The address tells, so that a link shows the same. */
export function usePause(): { isPaused: boolean; toggle: () => void } {
  const isPaused = useAddress().live === "0";
  const toggle = () => {
    const at = Math.round(store.current().now * 1_000);
    setAddress(isPaused ? { live: undefined, at: undefined } : { live: "0", at: at > 0 ? String(at) : undefined });
  };
  return { isPaused, toggle };
}
