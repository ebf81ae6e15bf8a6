import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { RANGE_DEFAULT, type Range, type Search } from "./search";

/** The state in the address. */
export function useAddress(): Search {
  return useSearch({ strict: false }) as Search;
}

/** Changes the state in the address; `undefined` takes a part out. Typing does not fill the history. */
export function useSetAddress(): (change: Partial<Search>, how?: "replace" | "push") => void {
  const navigate = useNavigate();
  return useCallback(
    (change, how = "replace") => {
      const search = (before: Search) => ({ ...before, ...change });
      void navigate({ to: ".", search: search as never, replace: how === "replace", resetScroll: false });
    },
    [navigate],
  );
}

export function useRange(): Range {
  return useAddress().range ?? RANGE_DEFAULT;
}

/** What goes along from screen to screen: range and pause. */
export function carried(search: Search): Search {
  const { range, live, at } = search;
  return { ...(range && { range }), ...(live && { live }), ...(at && { at }) };
}
