import type { ReactNode } from "react";

/** A titled panel. `side` stands at the right of the title. */
export function Card(props: {
  title: ReactNode;
  side?: ReactNode;
  children: ReactNode;
  /** The content reaches the edges, as tables do. */
  isFlush?: boolean;
  className?: string;
  label?: string;
}) {
  const { title, side, children, isFlush, className = "" } = props;
  return (
    <section className={`panel flex min-w-0 flex-col overflow-hidden ${className}`} aria-label={props.label}>
      <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
        <h2 className="m-0 font-semibold text-base">{title}</h2>
        {side && <div className="ml-auto flex items-center gap-3 text-muted text-xs">{side}</div>}
      </div>
      <div className={isFlush ? "min-w-0 grow" : "min-w-0 grow px-4 pb-4"}>{children}</div>
    </section>
  );
}

/** The title of a screen, with what belongs to the whole screen beside it. */
export function ScreenTitle({ title, about, children }: { title: string; about?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-2">
      <h1 className="m-0 font-semibold text-xl">{title}</h1>
      {about && <div className="figures text-muted text-sm">{about}</div>}
      {children && <div className="flex flex-wrap items-center gap-2 sm:ml-auto">{children}</div>}
    </div>
  );
}

/** Nothing to show: why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1.5 px-6 py-10 text-center">
      <p className="m-0 font-medium text-base">{title}</p>
      {children && <div className="max-w-prose text-muted text-sm">{children}</div>}
    </div>
  );
}
