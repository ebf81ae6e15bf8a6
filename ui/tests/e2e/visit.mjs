/** Opens a screen and waits until it shows live data. */
export async function visit(page, base, screen) {
  await page.goto(base + screen.path);
  await page.getByRole("heading", { level: 1, name: screen.title, exact: true }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Fails with a reason. */
export function expect(isTrue, reason) {
  if (!isTrue) throw new Error(reason);
}

/** Every screen without the ones that differ by their address only. */
export function path(name, screens) {
  return screens.find((screen) => screen.name === name);
}

/** Whether the page can be scrolled sideways, and by what. */
export async function sideways(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return "";
    const isInScroller = (element) => {
      for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== "visible") return true;
      }
      return false;
    };
    const wide = [...document.querySelectorAll("body *")].find(
      (element) => element.getBoundingClientRect().right > width + 1 && !isInScroller(element),
    );
    return wide ? wide.outerHTML.slice(0, 200) : `${document.documentElement.scrollWidth} px`;
  });
}
