import { preferences } from "@/preferences/preferences";
import { en } from "./en";

export type Key = keyof typeof en;
export type Dictionary = Record<Key, string>;
export type Language = "en" | "pt-BR";

let dictionary: Dictionary = en;
let shown: Language = "en";

/** The language that is meant: the chosen one, or the first of the browser's that exists. */
export function wantedLanguage(): Language {
  const chosen = preferences().language;
  if (chosen !== "auto") return chosen;
  return navigator.languages.find((one) => /^(en|pt)\b/i.test(one))?.startsWith("pt") ? "pt-BR" : "en";
}

export function language(): Language {
  return shown;
}

/** Loads a language; English is always there. */
export async function loadLanguage(wanted: Language): Promise<void> {
  dictionary = wanted === "pt-BR" ? (await import("./pt-br")).ptBr : en;
  shown = wanted;
  document.documentElement.lang = wanted;
}

/** The text of a key; `{name}` is replaced by the value of that name. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = dictionary[key];
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

/** The text of a count: `key.one` or `key.other`, by the language's rule. */
export function plural(key: CountedKey, count: number, shownCount: string): string {
  const form = new Intl.PluralRules(shown).select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}` as Key, { count: shownCount });
}

type CountedKey = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

/** The word for a word of the API; one that is not known is shown as it is. */
export function word(prefix: "state" | "level" | "event" | "signal", name: string): string {
  const key = `${prefix}.${name}`;
  return key in dictionary ? dictionary[key as Key] : name.replaceAll("_", " ");
}
