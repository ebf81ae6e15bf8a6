import { useSyncExternalStore } from "react";

export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  language: "auto" | "en" | "pt-BR";
  /** 1 MiB = 1,048,576 bytes, or 1 MB = 1,000,000. */
  bytes: "binary" | "decimal";
}

const KEY = "otel-bridge.preferences";
const DEFAULTS: Preferences = { theme: "system", density: "comfortable", language: "auto", bytes: "binary" };
const CHOICES: { [K in keyof Preferences]: readonly Preferences[K][] } = {
  theme: ["system", "light", "dark"],
  density: ["comfortable", "compact"],
  language: ["auto", "en", "pt-BR"],
  bytes: ["binary", "decimal"],
};

/** Reads what is stored; anything that is no choice becomes the default. */
export function readPreferences(text: string | null): Preferences {
  let stored: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value === "object" && value !== null) stored = value as Record<string, unknown>;
  } catch {
    // Not ours; the defaults hold.
  }
  const pick = <K extends keyof Preferences>(key: K): Preferences[K] =>
    CHOICES[key].find((choice) => choice === stored[key]) ?? DEFAULTS[key];
  return { theme: pick("theme"), density: pick("density"), language: pick("language"), bytes: pick("bytes") };
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

let current = readPreferences(stored());
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  return current;
}

export function setPreference<K extends keyof Preferences>(key: K, value: Preferences[K]): void {
  current = { ...current, [key]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // It lasts as long as the page.
  }
  settle();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

const systemIsDark = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

/** The theme that is shown. */
export function shownTheme(): "light" | "dark" {
  if (current.theme !== "system") return current.theme;
  return systemIsDark?.matches ? "dark" : "light";
}

/** Light becomes dark and dark light, as seen. */
export function toggleTheme(): void {
  setPreference("theme", shownTheme() === "dark" ? "light" : "dark");
}

function settle(): void {
  document.documentElement.dataset.theme = shownTheme();
  document.documentElement.dataset.density = current.density;
  for (const listener of listeners) listener();
}

/** Follows the system, and other tabs. */
export function watchPreferences(): void {
  systemIsDark?.addEventListener("change", settle);
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    current = readPreferences(event.newValue);
    settle();
  });
}
