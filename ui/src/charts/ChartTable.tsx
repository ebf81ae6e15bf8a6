import { timeOfDay } from "@/words/format";
import { t } from "@/words/translate";
import type { ChartProps } from "./Chart";

const ROWS_MAX = 60;

/** The same as the chart in figures, newest first; long ranges in even steps. */
export function ChartTable({ title, times, lines, from, to, format }: ChartProps) {
  const shown = times.map((time, place) => ({ time, place })).filter(({ time }) => time >= from && time <= to);
  const step = Math.max(1, Math.ceil(shown.length / ROWS_MAX));
  const rows = shown.filter((_, place) => (shown.length - 1 - place) % step === 0).reverse();
  return (
    <div className="h-full overflow-auto" tabIndex={0} role="region" aria-label={title}>
      <table className="figures w-full border-collapse text-xs">
        <thead className="sticky top-0 bg-surface text-muted">
          <tr>
            <th className="py-1 pr-3 text-left font-medium">{t("chart.time")}</th>
            {lines.map((line) => (
              <th key={line.label} className="px-3 py-1 text-right font-medium">
                <bdi>{line.label}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, place }) => (
            <tr key={time} className="border-line border-t">
              <td className="py-1 pr-3">{timeOfDay(time)}</td>
              {lines.map((line) => (
                <td key={line.label} className="px-3 py-1 text-right">
                  {format(line.values[place] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
