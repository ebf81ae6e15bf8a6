/** Moves by one row, down or up. */
type Mover = (step: 1 | -1) => void;

let own: Mover | null = null;

/** A table that does not hold all its rows in the page moves by itself. */
export function registerMover(mover: Mover): () => void {
  own = mover;
  return () => {
    if (own === mover) own = null;
  };
}

/** Moves the focus to the next row of the screen's table. */
export function moveRow(step: 1 | -1): void {
  if (own) {
    own(step);
    return;
  }
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  if (!next) return;
  if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
  next.focus();
}
