import { useId } from "react";

/** A small line without axes; the number beside it says what it is about. Gaps stay gaps. */
export function Sparkline(props: {
  values: readonly (number | null)[];
  width?: number;
  height?: number;
  className?: string;
  /** The top of the scale; the greatest value otherwise. */
  max?: number;
}) {
  const { values, width = 120, height = 28, className = "text-ok", max } = props;
  const gradient = useId();
  const known = values.filter((value): value is number => value !== null);
  const top = Math.max(max ?? 0, ...known, Number.EPSILON);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const y = (value: number) => height - 1.5 - (value / top) * (height - 3);
  const { line, area } = paths(values, step, y, height);
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className={`block overflow-hidden ${className}`}
      style={{ height }}
      aria-hidden="true"
    >
      <defs>
        <linearGradient id={gradient} x1="0" x2="0" y1="0" y2="1">
          <stop offset="0" stopColor="currentColor" stopOpacity="0.22" />
          <stop offset="1" stopColor="currentColor" stopOpacity="0.02" />
        </linearGradient>
      </defs>
      <path d={area} fill={`url(#${gradient})`} />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function paths(values: readonly (number | null)[], step: number, y: (value: number) => number, height: number) {
  let line = "";
  let area = "";
  let start = -1;
  values.forEach((value, place) => {
    const x = (place * step).toFixed(1);
    if (value === null) {
      if (start >= 0) area += `L${((place - 1) * step).toFixed(1)},${height}L${(start * step).toFixed(1)},${height}Z`;
      start = -1;
      return;
    }
    const command = start < 0 ? "M" : "L";
    if (start < 0) start = place;
    line += `${command}${x},${y(value).toFixed(1)}`;
    area += `${command}${x},${y(value).toFixed(1)}`;
  });
  if (start >= 0) {
    area += `L${((values.length - 1) * step).toFixed(1)},${height}L${(start * step).toFixed(1)},${height}Z`;
  }
  return { line, area };
}
