import type { WorkerRow } from "@/live/world";

/** A line of the table: a worker, or the heading of a group. */
export type TableLine =
  | { kind: "worker"; key: string; row: WorkerRow }
  | { kind: "group"; key: string; app: string; rows: WorkerRow[] };

/** By app, the apps in alphabetical order; inside a group the order stays. */
export function groupRows(rows: readonly WorkerRow[], isGrouped: boolean): TableLine[] {
  const line = (row: WorkerRow): TableLine => ({ kind: "worker", key: row.key, row });
  if (!isGrouped) return rows.map(line);
  const groups = new Map<string, WorkerRow[]>();
  for (const row of rows) {
    const group = groups.get(row.app);
    if (group) group.push(row);
    else groups.set(row.app, [row]);
  }
  return [...groups.keys()].sort().flatMap((app): TableLine[] => {
    const group = groups.get(app) ?? [];
    return [{ kind: "group", key: `app ${app}`, app, rows: group }, ...group.map(line)];
  });
}
