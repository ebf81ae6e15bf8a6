import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { timeOfDay } from "@/words/format";
import { type ChartProps, colorOf } from "./Chart";

type Props = ChartProps & { height: number; onCursor: (at: number | null) => void };

/** uPlot paints on a canvas, which knows no CSS variables: colours are read when it is made. */
export default function Canvas(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const shape = props.lines.map((line) => `${line.label} ${line.color} ${line.isArea}`).join("|");
  useEffect(() => {
    void shape;
    const element = place.current;
    if (!element) return;
    const made = new UPlot(options(latest.current, element), data(latest.current), element);
    plot.current = made;
    const resize = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: latest.current.height });
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(data(props), false);
    plot.current?.setScale("x", { min: props.from, max: props.to });
  });
  return <div ref={place} className="absolute inset-0" role="img" aria-label={props.title} />;
}

function data({ times, lines, isStacked }: Props): UPlot.AlignedData {
  if (!isStacked) return [times, ...lines.map((line) => line.values)];
  const sums = times.map(() => 0);
  const stacked = lines.map((line) =>
    line.isArea === false
      ? line.values
      : line.values.map((value, place) => {
          sums[place] = (sums[place] ?? 0) + (value ?? 0);
          return value === null ? null : (sums[place] ?? 0);
        }),
  );
  return [times, ...stacked];
}

function options(props: Props, element: HTMLElement): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const resolve = (color: string) => ink(color.slice(4, -1));
  const axis: UPlot.Axis = {
    stroke: ink("--muted"),
    font: "11px 'Inter Variable', sans-serif",
    grid: { stroke: ink("--line"), width: 1 },
    ticks: { show: false },
  };
  const { lines, format, max = 0, isStacked, steps } = props;
  return {
    width: element.clientWidth,
    height: props.height,
    padding: [10, 22, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "otel-bridge" }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
    scales: {
      x: { time: true, auto: false, min: props.from, max: props.to },
      y: { range: (_, __, top) => [0, Math.max(max, (top ?? 0) * 1.08, Number.EPSILON)] },
    },
    axes: [
      { ...axis, values: (_, splits) => splits.map((at) => timeOfDay(at)), space: 90, size: 26, gap: 6 },
      {
        ...axis,
        values: (_, splits) => splits.map((value) => format(value)),
        size: 58,
        gap: 8,
        space: 34,
        ...(steps && { incrs: steps }),
      },
    ],
    series: [
      {},
      ...lines.map((line, place): UPlot.Series => {
        const stroke = resolve(colorOf(line));
        const isFilled = line.isArea ?? (isStacked || lines.length === 1);
        return {
          label: line.label,
          stroke,
          width: 1.5,
          points: { show: false },
          ...(line.isDashed && { dash: [6, 4] }),
          ...(isFilled && { fill: `${stroke}${isStacked ? "40" : "1f"}` }),
          ...(isStacked && place > 0 && { spanGaps: false }),
        };
      }),
    ],
    bands: isStacked ? bands(lines.length) : [],
    hooks: {
      setCursor: [(plot) => props.onCursor(plot.cursor.idx ?? null)],
      drawClear: [(plot) => drawMarks(plot, props.marks ?? [], ink("--warn"))],
    },
  };
}

/** Each area is filled down to the one below it. */
function bands(count: number): UPlot.Band[] {
  return Array.from({ length: Math.max(0, count - 1) }, (_, place) => ({ series: [place + 2, place + 1] }));
}

function drawMarks(plot: UPlot, marks: readonly number[], color: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.setLineDash([4, 4]);
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
