import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { SCREENS } from "../screens.mjs";
import { expect, sideways, visit } from "../visit.mjs";

const require = createRequire(import.meta.url);
const HERE = new URL("../../../", import.meta.url).pathname;
const SHOTS = `${HERE}screenshots/`;
const INITIAL_MAX = 115_000;
const ALL_MAX = 150_000;

export const every_screen_in_light = (world) => everyScreen(world, "light");
export const every_screen_in_dark = (world) => everyScreen(world, "dark");

/** Every screen shows data, is accessible, and has its picture taken. */
async function everyScreen({ base, open }, theme) {
  mkdirSync(SHOTS, { recursive: true });
  const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const { context } = await open({ theme });
  const page = await context.newPage();
  for (const screen of SCREENS) {
    await visit(page, base, screen);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${SHOTS}${screen.name}-${theme}.png` });
    // By the debugger's way, since the policy allows no foreign script in the page.
    await page.evaluate(axe);
    const found = await page.evaluate(
      (isDark) =>
        // What is not about colour is the same in both themes.
        globalThis.axe.run(document, {
          runOnly: isDark
            ? { type: "rule", values: ["color-contrast"] }
            : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
      theme === "dark",
    );
    const told = found.violations.map(
      (one) =>
        `${one.id} (${one.help}): ${one.nodes
          .slice(0, 3)
          .map((node) => node.html.slice(0, 160))
          .join("\n   ")}`,
    );
    expect(told.length === 0, `${screen.name}, ${theme}: ${told.join("\n")}`);
  }
}

/** On a phone nothing scrolls sideways but what has a scroller of its own. */
export async function narrow_windows({ base, open }) {
  const { context } = await open({ width: 390, height: 844 });
  const page = await context.newPage();
  for (const screen of SCREENS) {
    await visit(page, base, screen);
    await page.waitForTimeout(150);
    const wide = await sideways(page);
    expect(wide === "", `${screen.name} scrolls sideways: ${wide}`);
    await page.screenshot({ path: `${SHOTS}${screen.name}-390.png` });
  }
}

/** What a visitor loads, compressed. */
export async function sizes() {
  const assets = `${HERE}dist/assets/`;
  const sizeOf = (name) => gzipSync(readFileSync(assets + name), { level: 9 }).length;
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const html = readFileSync(`${HERE}dist/index.html`, "utf8");
  const first = scripts.filter((name) => html.includes(name));
  const sum = (names) => names.reduce((total, name) => total + sizeOf(name), 0);
  console.log(`    initial ${sum(first)} B, all ${sum(scripts)} B of JavaScript, compressed`);
  expect(sum(first) <= INITIAL_MAX, `initial JavaScript is ${sum(first)} B, more than ${INITIAL_MAX}`);
  expect(sum(scripts) <= ALL_MAX, `all JavaScript is ${sum(scripts)} B, more than ${ALL_MAX}`);
  expect(!/<(script|style)>|\bstyle="|\bon\w+="/.test(html), "index.html has something inline");
}

/** The skeleton stands where the page will stand: what is there first does not move. */
export async function nothing_jumps({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await visit(page, base, { path: "", title: "Overview" });
  await page.waitForTimeout(4_000);
  const shifts = await page.evaluate(() => globalThis.shifts);
  console.log(`    layout shift ${shifts.toFixed(4)}`);
  expect(shifts < 0.1, `the layout shifts by ${shifts}`);
}
