import type { History } from "@/api";

/** Samples in columns; a column is named by key and field. */
export interface Samples {
  times: number[];
  columns: Map<string, (number | null)[]>;
}

export function column(samples: Samples | null, key: string, field: string): (number | null)[] {
  return samples?.columns.get(`${key} ${field}`) ?? [];
}

export function fromHistory(history: History): Samples {
  const columns = new Map<string, (number | null)[]>();
  for (const one of history.columns) columns.set(`${one.key} ${one.field}`, one.values as (number | null)[]);
  return { times: history.times, columns };
}
