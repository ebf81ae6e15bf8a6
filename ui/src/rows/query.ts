import type { SortValue } from "./sort";

/** A term of the search: text anywhere, `field:value`, or a comparison such as `rss>50M`. */
export type Term =
  | { kind: "text"; text: string; isNot: boolean }
  | { kind: "field"; field: string; value: string; isNot: boolean }
  | { kind: "compare"; field: string; operator: ">" | "<" | ">=" | "<="; number: number; isNot: boolean };

/** How a kind of row is searched: what its fields are called, and what text it holds. */
export interface Searchable<T> {
  fields: Record<string, (row: T) => SortValue>;
  text: (row: T) => string;
}

const UNITS: Record<string, number> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  "%": 0.01,
  s: 1,
  min: 60,
  h: 3_600,
  d: 86_400,
};

/** `50M`, `1.5Gi`, `20%`, `90s`, `2h`; a trailing B is allowed. */
export function readNumber(text: string): number | null {
  const match = /^(-?\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text);
  if (!match) return null;
  const unit = (match[2] ?? "").toLowerCase();
  const scale = UNITS[unit] ?? UNITS[unit.replace(/b$/, "")];
  return scale === undefined ? null : Number(match[1]) * scale;
}

/** Reads a search. Quotes hold words together, `-` in front means not; what is not understood is text. */
export function readQuery(query: string): Term[] {
  const words = query.match(/-?(?:[^\s":<>=]+(?::|>=?|<=?))?(?:"[^"]*"?|[^\s"]+)/g) ?? [];
  return words.map(readTerm).filter((term) => term.kind !== "text" || term.text !== "");
}

function readTerm(raw: string): Term {
  const isNot = raw.length > 1 && raw.startsWith("-");
  const body = isNot ? raw.slice(1) : raw;
  const match = /^([a-z_]+)(:|>=|<=|>|<)(.+)$/i.exec(body);
  const unquote = (text: string) => text.replaceAll('"', "");
  if (!match) return { kind: "text", text: unquote(body).toLowerCase(), isNot };
  const [, field = "", operator = "", rest = ""] = match;
  if (operator === ":") return { kind: "field", field: field.toLowerCase(), value: unquote(rest).toLowerCase(), isNot };
  const number = readNumber(unquote(rest));
  if (number === null) return { kind: "text", text: unquote(body).toLowerCase(), isNot };
  return { kind: "compare", field: field.toLowerCase(), operator: operator as ">" | "<", number, isNot };
}

/** Whether a row has all terms. A field that rows do not have matches nothing. */
export function matcher<T>(terms: readonly Term[], about: Searchable<T>): (row: T) => boolean {
  return (row) => terms.every((term) => matches(term, row, about) !== term.isNot);
}

function matches<T>(term: Term, row: T, about: Searchable<T>): boolean {
  if (term.kind === "text") return about.text(row).toLowerCase().includes(term.text);
  const value = about.fields[term.field]?.(row);
  if (value === null || value === undefined) return false;
  if (term.kind === "field") return fieldHolds(value, term.value);
  const number = Number(value);
  switch (term.operator) {
    case ">":
      return number > term.number;
    case "<":
      return number < term.number;
    case ">=":
      return number >= term.number;
    case "<=":
      return number <= term.number;
  }
}

/** Words are matched from their beginning, several alternatives by commas; numbers exactly. */
function fieldHolds(value: Exclude<SortValue, null | undefined>, wanted: string): boolean {
  return wanted.split(",").some((one) => {
    if (typeof value === "number") return readNumber(one) === value;
    return one !== "" && String(value).toLowerCase().startsWith(one);
  });
}
