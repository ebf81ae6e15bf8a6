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
  const isUnknown = (value: SortValue) => value === null || value === undefined || Number.isNaN(value);
  if (isUnknown(one) || isUnknown(other)) return Number(isUnknown(one)) - Number(isUnknown(other));
  const order =
    typeof one === "string" && typeof other === "string" ? collator.compare(one, other) : Number(one) - Number(other);
  return isDescending ? -order : order;
}

/** Orders rows by a value, and equal ones by their key, so that nothing jumps. */
export function compareBy<T>(
  value: (row: T) => SortValue,
  keyOf: (row: T) => string,
  isDescending: boolean,
): (one: T, other: T) => number {
  return (one, other) => {
    const order = compareValues(value(one), value(other), isDescending);
    if (order !== 0) return order;
    const [key, otherKey] = [keyOf(one), keyOf(other)];
    return key < otherKey ? -1 : key > otherKey ? 1 : 0;
  };
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
