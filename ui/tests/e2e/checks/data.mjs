import { SCREENS } from "../screens.mjs";
import { Bridge, Load, Page, until } from "../servers.mjs";
import { expect, sideways, visit } from "../visit.mjs";

/** Hostile names are text: no element comes of them, nothing runs, no layout breaks. */
export async function hostile_names({ binary, started, open, tolerate }) {
  const bridge = await started(new Bridge(binary));
  const { base } = await started(new Page(), bridge);
  tolerate(new RegExp(`^${new URL(base).origin}`));
  const load = await started(new Load(), bridge, "--workers", "40", "--hostile");
  for (const width of [1440, 390]) {
    const { context } = await open({ width });
    const page = await context.newPage();
    page.on("dialog", () => {
      throw new Error("a script of a name ran");
    });
    for (const screen of [
      ...SCREENS.filter((one) => one.name !== "worker"),
      { name: "hostile worker", path: "workers?w=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", title: "Workers" },
    ]) {
      await visit(page, base, screen);
      await page.waitForTimeout(50);
      const made = await page.evaluate(
        () => document.querySelectorAll("main img, main script, main b, dialog img").length,
      );
      expect(made === 0, `${screen.name}: markup became elements`);
      const wide = await sideways(page);
      expect(wide === "", `${screen.name} at ${width} px scrolls sideways: ${wide}`);
    }
    await visit(page, base, { path: "workers?sort=id", title: "Workers" });
    await until("the markup is shown as text", async () =>
      (await page.locator("[data-worker-grid]").textContent()).includes("<script>"),
    );
    await page.screenshot({
      path: new URL(`../../../screenshots/hostile-workers-${width}.png`, import.meta.url).pathname,
    });
    await visit(page, base, { path: "components", title: "Components" });
    await page
      .getByText(/Show all [\d,]+ characters/)
      .first()
      .waitFor();
    await page.screenshot({
      path: new URL(`../../../screenshots/hostile-components-${width}.png`, import.meta.url).pathname,
    });
  }
  await load.stop();
}

/** Ten thousand workers, many of which move each second; the figures are told, and only a hang is judged. */
export async function many_workers({ binary, started, open, tolerate }) {
  const bridge = await started(new Bridge(binary));
  const { base } = await started(new Page(), bridge);
  tolerate(new RegExp(`^${new URL(base).origin}`));
  // A worker may go between the picture and the question for its history.
  tolerate(/status of 404/);
  const load = await started(new Load(), bridge, "--workers", "10000", "--share", "0.15");
  const { context } = await open();
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.long = [];
    new PerformanceObserver((list) =>
      globalThis.long.push(...list.getEntries().map((one) => Math.round(one.duration))),
    ).observe({
      type: "longtask",
    });
  });
  await visit(page, base, { path: "workers", title: "Workers" });
  // A slow machine tells of some of them too late, and these leave again.
  await until("they are there", async () => {
    const text = (await page.locator("h1 + div").textContent()) ?? "";
    return Number(text.replace(/.* of /, "").replaceAll(",", "")) > 5_000;
  });
  await page.evaluate(() => {
    globalThis.long.length = 0;
  });
  await page.waitForTimeout(8_000);
  const grid = page.locator("[data-worker-grid]");
  await until("the last row is reached", () =>
    grid.evaluate((element) => {
      element.scrollTo(0, element.scrollHeight);
      return element.querySelector(`[aria-rowindex='${element.getAttribute("aria-rowcount")}']`) !== null;
    }),
  );
  const inPage = await page.locator("[data-worker-grid] [data-row]").count();
  expect(inPage < 80, `only rows in sight are in the page, not ${inPage}`);
  expect(Number(await grid.getAttribute("aria-rowcount")) > 5_000, "the grid tells all its rows");
  const long = await page.evaluate(() => globalThis.long);
  console.log(`    tasks longer than 50 ms in 8 s: ${long.length === 0 ? "none" : `${long.join(", ")} ms`}`);
  expect(Math.max(0, ...long) < 2_000, "the page hangs");
  await load.stop();
}

/** A bridge that knows nothing says on every screen why, and what to do. */
export async function nothing_yet({ binary, started, open, tolerate }) {
  const bridge = await started(new Bridge(binary), "self_observation: false\n");
  const { base } = await started(new Page(), bridge);
  tolerate(new RegExp(`^${new URL(base).origin}`));
  const { context } = await open();
  const page = await context.newPage();
  const texts = {
    pools: ["Pools", "No pools yet"],
    workers: ["Workers", "No workers yet"],
    components: ["Components", "No components yet"],
    breakers: ["Breakers", "No circuit breakers yet"],
    alerts: ["Alerts", "No active alerts"],
    exporters: ["Exporters", "No push destinations"],
    "": ["Overview", "No services yet"],
  };
  for (const [path, [title, text]] of Object.entries(texts)) {
    await visit(page, base, { path, title });
    await page.getByText(text).first().waitFor();
  }
  await page.screenshot({ path: new URL("../../../screenshots/empty-overview.png", import.meta.url).pathname });
}
