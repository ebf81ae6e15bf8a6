import { percent } from "@/words/format";
import { FILL, type Kind } from "./mark";

/** How full something is, with a mark at the threshold. */
export function Meter(props: { share: number; kind: Kind; label: string; threshold?: number; className?: string }) {
  const { share, kind, label, threshold, className = "" } = props;
  const width = Math.min(1, Math.max(0, share)) * 100;
  return (
    <div
      className={`relative h-2 overflow-hidden rounded-full bg-raised ${className}`}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.round(width)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={percent(share)}
    >
      <div className={`h-full rounded-full ${FILL[kind]}`} style={{ width: `${width}%` }} />
      {threshold !== undefined && (
        <div className="absolute inset-y-0 w-px bg-text/50" style={{ left: `${threshold * 100}%` }} />
      )}
    </div>
  );
}

export interface Part {
  key: string;
  text: string;
  count: number;
  fill: string;
}

/** Parts of a whole, side by side. */
export function PartBar({ parts, total, label }: { parts: Part[]; total: number; label: string }) {
  const text = parts.map((part) => `${part.text} ${part.count}`).join(", ");
  return (
    <div className="flex h-2 gap-px overflow-hidden rounded-full bg-raised" role="img" aria-label={`${label}: ${text}`}>
      {parts
        .filter((part) => part.count > 0)
        .map((part) => (
          <div key={part.key} className={part.fill} style={{ width: `${(part.count / Math.max(1, total)) * 100}%` }} />
        ))}
    </div>
  );
}
