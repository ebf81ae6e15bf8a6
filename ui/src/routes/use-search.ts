import { go, useAddressOf } from "./address";
import { RANGE_DEFAULT, type Range, type Search } from "./search";

/** The state in the address. */
export function useAddress(): Search {
  return useAddressOf((address) => address.search);
}

/** Changes the state in the address; `undefined` takes a part out. Typing does not fill the history. */
export function setAddress(
  change: { [K in keyof Search]?: Search[K] | undefined },
  how: "replace" | "push" = "replace",
): void {
  go({ to: ".", search: (before) => ({ ...before, ...change }) as Search }, how);
}

export function useRange(): Range {
  return useAddress().range ?? RANGE_DEFAULT;
}

/** What goes along from screen to screen: range and pause. */
export function carried(search: Search): Search {
  const { range, live, at } = search;
  return { ...(range && { range }), ...(live && { live }), ...(at && { at }) };
}
