import { word } from "@/words/translate";

/** What a state means: shape, word and colour always go together. */
export type Kind = "ok" | "warn" | "bad" | "off";

const KINDS: Record<string, Kind> = {
  // workers
  active: "ok",
  ephemeral: "ok",
  creating: "warn",
  ready: "off",
  idle: "off",
  offline: "off",
  terminated: "off",
  // components
  running: "ok",
  starting: "warn",
  degraded: "warn",
  failed: "bad",
  stopped: "bad",
  missing: "bad",
  // breakers
  closed: "ok",
  disabled: "off",
  half_open: "warn",
  open: "bad",
  forced_open: "bad",
  // destinations
  ok: "ok",
  retrying: "warn",
  held: "bad",
  // services and health
  live: "ok",
  stale: "bad",
  healthy: "ok",
  unhealthy: "bad",
  // alerts
  critical: "bad",
  warning: "warn",
  info: "off",
  resolved: "off",
};

export function kindOf(state: string | null | undefined): Kind {
  return (state && KINDS[state]) || "off";
}

export const INK: Record<Kind, string> = { ok: "text-ok", warn: "text-warn", bad: "text-bad", off: "text-off" };
export const FILL: Record<Kind, string> = { ok: "bg-ok", warn: "bg-warn", bad: "bg-bad", off: "bg-off" };
const SOFT: Record<Kind, string> = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  off: "bg-raised text-off",
};

/** Filled circle, diamond, octagon, hollow circle. */
export function Mark({ kind, size = 12 }: { kind: Kind; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" className={`shrink-0 ${INK[kind]}`} aria-hidden="true">
      {kind === "ok" && <circle cx="6" cy="6" r="4.5" fill="currentColor" />}
      {kind === "warn" && <path d="M6 .6 11.4 6 6 11.4.6 6Z" fill="currentColor" />}
      {kind === "bad" && (
        <path
          d="M3.7.6h4.6l3.1 3.1v4.6l-3.1 3.1H3.7L.6 8.3V3.7ZM3.4 5.1v1.8h5.2V5.1Z"
          fill="currentColor"
          fillRule="evenodd"
        />
      )}
      {kind === "off" && <circle cx="6" cy="6" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.6" />}
    </svg>
  );
}

/** A state with its shape and its word. */
export function StateWord({ state, kind }: { state: string | null | undefined; kind?: Kind }) {
  const meaning = kind ?? kindOf(state);
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Mark kind={meaning} size={10} />
      <span>{word("state", state ?? "unknown")}</span>
    </span>
  );
}

/** The same as a pill. */
export function StatePill({ kind, text, title }: { kind: Kind; text: string; title?: string }) {
  return (
    <span
      title={title}
      className={`inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 font-medium text-xs whitespace-nowrap ${SOFT[kind]}`}
    >
      <Mark kind={kind} size={10} />
      <span className="inline-block first-letter:uppercase">{text}</span>
    </span>
  );
}
