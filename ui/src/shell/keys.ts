import { useEffect, useRef } from "react";
import { copyText } from "@/parts/button";
import { toggleTheme } from "@/preferences/preferences";
import { go } from "@/routes/address";
import { RANGE_DEFAULT, RANGES } from "@/routes/search";
import { carried, setAddress, useAddress, useRange } from "@/routes/use-search";
import { usePause } from "./pause";
import { PLACES } from "./places";
import { moveRow } from "./row-keys";
import type { Overlay } from "./Shell";

/** How long `g` waits for its second key. */
const SECOND_KEY_MS = 1_200;

/** Everything by keyboard; off inside inputs and open dialogs. */
export function useKeys(setOverlay: (overlay: Overlay) => void): void {
  const address = useAddress();
  const range = useRange();
  const { toggle } = usePause();
  const pressedAt = useRef(0);
  const moveRange = (step: number) => {
    const next = RANGES[RANGES.indexOf(range) + step];
    if (next) setAddress({ range: next === RANGE_DEFAULT ? undefined : next });
  };
  const actions: Record<string, () => void> = {
    "?": () => setOverlay("help"),
    "/": () => focusFilter() || setOverlay("search"),
    p: toggle,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    f: () => setAddress({ state: address.state === "failing" ? undefined : "failing" }),
    "[": () => moveRange(-1),
    "]": () => moveRange(1),
    d: toggleTheme,
    y: () => void copyText(location.href),
    g: () => {
      pressedAt.current = Date.now();
    },
  };
  const handler = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      setOverlay("search");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const place = PLACES.find((one) => one.letter === event.key);
    if (place && Date.now() - pressedAt.current < SECOND_KEY_MS) {
      pressedAt.current = 0;
      go({ to: place.to, search: carried(address) }, "push");
      return;
    }
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => latest.current(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

/** Puts the cursor into the screen's own filter, if it has one. */
function focusFilter(): boolean {
  const filter = document.querySelector<HTMLInputElement>("[data-filter]");
  filter?.focus();
  filter?.select();
  return filter !== null;
}
