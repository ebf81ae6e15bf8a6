import { useSyncExternalStore } from "react";
import { parseSearch, printSearch, readSearch, type Search } from "./search";

/** Where the page is: the path below its base, and what stands behind it. */
export interface Address {
  path: string;
  search: Search;
}

export interface Target {
  /** A path below the base; `.` stays where it is. `$id` stands for a parameter. */
  to: string;
  params?: Record<string, string>;
  search?: Search | ((before: Search) => Search);
}

/** The server wrote the base under which the page stands. */
export const BASE = new URL(document.baseURI).pathname;

function read(): Address {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length - 1) : "/";
  return { path: path.replace(/(.)\/$/, "$1"), search: readSearch(parseSearch(location.search)) };
}

let current = read();
const listeners = new Set<() => void>();

function tell(): void {
  current = read();
  for (const listener of listeners) listener();
}

addEventListener("popstate", tell);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function address(): Address {
  return current;
}

/** A part of the address; another one renders again. */
export function useAddressOf<T>(select: (address: Address) => T): T {
  return useSyncExternalStore(subscribe, () => select(current));
}

/** The path of a target, and its text for a link. */
export function resolve({ to, params, search }: Target): { path: string; href: string } {
  const filled = to.replace(/\$(\w+)/g, (_, name: string) => encodeURIComponent(params?.[name] ?? ""));
  const path = to === "." ? current.path : filled;
  const wanted = typeof search === "function" ? search(current.search) : (search ?? {});
  return { path, href: BASE + path.slice(1) + printSearch({ ...wanted }) };
}

/** Goes there without loading the page anew. */
export function go(target: Target, how: "replace" | "push"): void {
  const { path, href } = resolve(target);
  const isElsewhere = path !== current.path;
  if (how === "replace") history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  tell();
  if (isElsewhere) scrollTo(0, 0);
}
