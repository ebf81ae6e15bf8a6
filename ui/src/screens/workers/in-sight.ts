import { type RefObject, useEffect, useState } from "react";

/** Rows beyond the edges, so that a quick scroll shows no hole. */
const BEYOND = 10;

interface Sight {
  first: number;
  last: number;
}

/** Which rows of equal height can be seen in a scroller; `heading` stays at its top. */
export function rowsInSight(top: number, height: number, rowHeight: number, count: number): Sight {
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const last = Math.min(count - 1, Math.ceil((top + height) / rowHeight) + BEYOND);
  // A list that has become shorter than what was scrolled to shows its end.
  return first > last ? { first: Math.max(0, last - 2 * BEYOND), last } : { first, last };
}

/** Follows the scroller. Only a change of rows renders again, and not each pixel. */
export function useRowsInSight(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): Sight {
  const [sight, setSight] = useState<Sight>({ first: 0, last: Math.min(count - 1, 40) });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => {
      const next = rowsInSight(element.scrollTop, element.clientHeight, rowHeight, count);
      setSight((before) => (before.first === next.first && before.last === next.last ? before : next));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resize = new ResizeObserver(look);
    resize.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resize.disconnect();
    };
  }, [scroller, count, rowHeight]);
  return sight;
}

/** Scrolls as little as needed until a row can be seen below the heading. */
export function reveal(element: HTMLElement | null, place: number, rowHeight: number, heading: number): void {
  if (!element) return;
  const top = place * rowHeight;
  const bottom = top + rowHeight + heading;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
}
