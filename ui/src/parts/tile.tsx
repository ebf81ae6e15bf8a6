import type { ReactNode } from "react";
import type { Target } from "@/routes/address";
import { Link } from "@/routes/Link";
import { INK, type Kind } from "./mark";

/** One number that matters, what it means beside it, and where its list stands. */
export function Tile(props: {
  label: string;
  value: ReactNode;
  unit?: string;
  note?: ReactNode;
  kind?: Kind;
  children?: ReactNode;
  link?: Target;
}) {
  const { label, value, unit, note, kind, children, link } = props;
  const body = (
    <>
      <div className="text-muted text-xs">{label}</div>
      <div className="mt-1 flex items-baseline gap-1.5">
        <span className={`figures font-semibold text-2xl tracking-tight ${kind && kind !== "ok" ? INK[kind] : ""}`}>
          {value}
        </span>
        {unit && <span className="text-muted text-sm">{unit}</span>}
      </div>
      <div className="figures mt-0.5 min-h-4 truncate text-muted text-xs">{note}</div>
      {children && <div className="mt-2">{children}</div>}
    </>
  );
  const className = "panel min-w-0 overflow-hidden px-4 py-3 text-text no-underline";
  if (!link) return <div className={className}>{body}</div>;
  return (
    <Link {...link} className={`${className} block transition-colors hover:border-line-strong`}>
      {body}
    </Link>
  );
}
