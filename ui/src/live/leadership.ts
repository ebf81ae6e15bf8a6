import { ROOT } from "@/api/request";

/** Leads while it may: `lead` is called once when this tab becomes the one that holds the connection. */
export interface Leadership {
  stop(): void;
}

const LOCK = `otel-bridge-stream ${ROOT}`;
/** A hidden tab without locks keeps its connection for this long. */
const HIDDEN_MS = 10_000;

/**
 * One tab of a browser holds the connection; over HTTP/1.1 the seventh would hang. The lock passes on when its holder goes. Locks
 * exist in secure contexts only; elsewhere each tab leads while it can be seen, and lets go when it is hidden.
 */
export function seekLeadership(lead: () => void, yieldIt: () => void): Leadership {
  return navigator.locks ? byLock(lead, yieldIt) : byVisibility(lead, yieldIt);
}

function byLock(lead: () => void, yieldIt: () => void): Leadership {
  const abort = new AbortController();
  let release: (() => void) | undefined;
  const held = () =>
    new Promise<void>((resolve) => {
      release = resolve;
      lead();
    });
  navigator.locks.request(LOCK, { signal: abort.signal }, held).catch(() => undefined);
  return {
    stop: () => {
      abort.abort();
      if (release) yieldIt();
      release?.();
    },
  };
}

function byVisibility(lead: () => void, yieldIt: () => void): Leadership {
  let isLeading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      if (!isLeading) lead();
      isLeading = true;
    } else if (isLeading) {
      timer = setTimeout(() => {
        isLeading = false;
        yieldIt();
      }, HIDDEN_MS);
    }
  };
  document.addEventListener("visibilitychange", change);
  change();
  return {
    stop: () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", change);
      if (isLeading) yieldIt();
    },
  };
}
