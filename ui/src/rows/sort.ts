export type SortValue = string | number | boolean | null | undefined;

export interface Sort {
  id: string;
  isDescending: boolean;
}

/** Reads `rss` or `-rss`; what names no column is the default. */
export function readSort(text: string | undefined, fallback: string, columns: readonly { id: string }[]): Sort {
  const read = (one: string): Sort => ({ id: one.replace(/^-/, ""), isDescending: one.startsWith("-") });
  const asked = read(text ?? fallback);
  return columns.some((column) => column.id === asked.id) ? asked : read(fallback);
}

/** What a click on a heading makes of the sort: numbers begin with the greatest, words with A. */
export function toggleSort(
  text: string | undefined,
  id: string,
  fallback: string,
  isNumber: boolean,
): string | undefined {
  const current = text ?? fallback;
  const next = current === id ? `-${id}` : current === `-${id}` ? id : isNumber ? `-${id}` : id;
  return next === fallback ? undefined : next;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Orders two values; unknown ones come last in either direction, as the API sorts them. */
export function compareValues(one: SortValue, other: SortValue, isDescending: boolean): number {
  if (isUnknown(one) || isUnknown(other)) return Number(isUnknown(one)) - Number(isUnknown(other));
  if (typeof one === "number" && typeof other === "number") return isDescending ? other - one : one - other;
  const order =
    typeof one === "string" && typeof other === "string" ? collator.compare(one, other) : Number(one) - Number(other);
  return isDescending ? -order : order;
}

/** Rows in the order of a value, and equal ones in that of their key, so that nothing jumps. Each value is taken once. */
export function sortRows<T>(
  rows: readonly T[],
  value: (row: T) => SortValue,
  keyOf: (row: T) => string,
  isDescending: boolean,
): T[] {
  const decorated = rows.map((row) => ({ row, value: value(row), key: keyOf(row) }));
  decorated.sort((one, other) => {
    const order = compareValues(one.value, other.value, isDescending);
    if (order !== 0) return order;
    return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
  });
  return decorated.map(({ row }) => row);
}

/**
 * Keeps rows where they are while somebody points at them: known keys in their known order, new ones at the end, gone ones out.
 */
export function holdOrder<T>(held: readonly string[], rows: readonly T[], keyOf: (row: T) => string): T[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  const kept: T[] = [];
  for (const key of held) {
    const row = byKey.get(key);
    if (row === undefined) continue;
    kept.push(row);
    byKey.delete(key);
  }
  return [...kept, ...byKey.values()];
}

function isUnknown(value: SortValue): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}
