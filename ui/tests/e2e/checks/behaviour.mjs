import { readFileSync } from "node:fs";
import { until } from "../servers.mjs";
import { expect, visit } from "../visit.mjs";

const OVERVIEW = { path: "", title: "Overview" };
const WORKERS = { path: "workers", title: "Workers" };

const rows = (page) => page.locator("[data-worker-grid] [data-row]");
const about = (page) => page.locator("h1 + div").textContent();
const search = (page) => new URL(page.url()).searchParams;

/** The address is the state: filters, sort and drawer come back from a link, and with the back button. */
export async function deep_links({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, { path: "workers?q=app:shop&state=idle,active&sort=-rss&range=15m", title: "Workers" });
  await rows(page).first().waitFor();
  const apps = await rows(page).evaluateAll((all) => all.map((row) => row.children[3].textContent));
  expect(apps.length > 5 && apps.every((app) => app === "shop"), `the filter holds: ${apps}`);
  expect(
    (await page.getByRole("columnheader", { name: "RSS" }).getAttribute("aria-sort")) === "descending",
    "the sort holds",
  );
  expect((await page.getByRole("button", { name: "15m" }).getAttribute("aria-pressed")) === "true", "the range holds");
  await rows(page).first().click();
  await page.getByRole("dialog", { name: "Worker" }).waitFor();
  const link = page.url();
  expect(search(page).get("w"), "the drawer stands in the address");
  await page.goBack();
  await page.getByRole("dialog", { name: "Worker" }).waitFor({ state: "detached" });
  await page.goto(link);
  await page.getByRole("dialog", { name: "Worker" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Worker" }).waitFor({ state: "detached" });
  expect(search(page).get("q") === "app:shop", "closing the drawer keeps the filter");
  await page.goto(`${base}pools/no/where`);
  await page.getByText("Nothing stands at this address").waitFor();
}

/** Numbers lead to their filtered list. */
export async function numbers_link({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, OVERVIEW);
  await page.getByRole("link", { name: /^idle/ }).click();
  await page.getByRole("heading", { level: 1, name: "Workers" }).waitFor();
  expect(search(page).get("state") === "idle", "the legend of the worker map leads to the idle ones");
  await page.goBack();
  await page.getByRole("link", { name: /checkout/ }).click();
  await page.getByRole("heading", { level: 1, name: "checkout" }).waitFor();
}

/** A paused view stands still while its filters work, and nothing is lost. */
export async function pause({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, WORKERS);
  await page.keyboard.press("p");
  await page.getByText(/^Paused at/).waitFor();
  expect(search(page).get("live") === "0" && /^\d{13}$/.test(search(page).get("at")), "the address says so");
  const text = () => page.locator("[data-worker-grid]").textContent();
  const before = await text();
  await page.waitForTimeout(2_500);
  expect((await text()) === before, "nothing moves");
  await page.getByRole("searchbox").fill("pool:images");
  await until("the filter works while paused", async () => /^60 of 2\d\d$/.test(await about(page)));
  await page.getByRole("searchbox").fill("");
  await until("the filter is taken back", async () => (await text()) === before);
  await page.locator("h1").click();
  await page.keyboard.press("p");
  await page.getByText("Live", { exact: true }).waitFor();
  await until("the present is shown", async () => (await text()) !== before);
  await page.goto(`${base}workers?live=0`);
  await page.getByText(/^Paused at/).waitFor();
  await rows(page).first().waitFor();
}

/** Everything by keyboard. */
export async function keyboard({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, OVERVIEW);
  const keys = page.keyboard;
  const screens = {
    p: "Pools",
    w: "Workers",
    c: "Components",
    b: "Breakers",
    a: "Alerts",
    t: "Traces",
    e: "Exporters",
    o: "Overview",
  };
  for (const [key, title] of Object.entries(screens)) {
    await keys.press("g");
    await keys.press(key);
    await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
  }
  await keys.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await keys.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keys.press("g");
  await keys.press("w");
  await rows(page).first().waitFor();
  await keys.press("/");
  await keys.type("g w app:media");
  expect(search(page).get("q") === "g w app:media", "keys are text inside an input");
  await keys.press("Escape");
  await until("Escape clears the filter", () => search(page).get("q") === null);
  await until("the filter lets go", () => page.evaluate(() => !document.activeElement?.closest("input")));
  await rows(page).first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-rowindex"));
  for (const [key, row] of [
    ["j", "2"],
    ["j", "3"],
    ["k", "2"],
  ]) {
    await keys.press(key);
    await until(`${key} moves`, async () => (await focused()) === row);
  }
  await keys.press("Enter");
  await page.getByRole("dialog", { name: "Worker" }).waitFor();
  await keys.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keys.press("f");
  await until("f filters", () => search(page).get("state") === "failing");
  await keys.press("]");
  await until("] widens", () => search(page).get("range") === "15m");
  await keys.press("[");
  await until("[ narrows", () => search(page).get("range") === null);
  await keys.press("d");
  await until("d darkens", async () => (await page.locator("html").getAttribute("data-theme")) === "dark");
  await keys.press("y");
  await until("y copies", async () => (await page.evaluate(() => navigator.clipboard.readText())) === page.url());
  await keys.press("Control+k");
  await keys.type("geocod");
  await page.getByRole("option", { name: /geocoder/ }).waitFor();
  await keys.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Breakers" }).waitFor();
  expect(search(page).get("q") === "geocoder", "the search leads to the breaker");
}

/** Settings act at once, and last. */
export async function settings({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, { path: "settings", title: "Settings" });
  await page.getByRole("button", { name: "Português" }).click();
  await page.getByRole("heading", { level: 1, name: "Configurações" }).waitFor();
  await page.getByRole("button", { name: "Escuro", exact: true }).click();
  await page.getByRole("button", { name: "Compacta" }).click();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Configurações" }).waitFor();
  const html = page.locator("html");
  expect((await html.getAttribute("lang")) === "pt-BR", "the language lasts");
  expect((await html.getAttribute("data-theme")) === "dark", "the theme lasts");
  expect((await html.getAttribute("data-density")) === "compact", "the density lasts");
}

/** The filtered rows as a file; a chart as a table. */
export async function exports({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, { path: "workers?q=pool:mail", title: "Workers" });
  await rows(page).first().waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  const lines = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines.length === 61 && lines[1].includes(",mail,"), `the file has the 60 filtered workers: ${lines.length}`);
  await visit(page, base, { path: "pools/checkout", title: "checkout" });
  await page.getByRole("button", { name: "View as table" }).first().click();
  await until("the chart is a table", async () => (await page.locator("figure table tbody tr").count()) > 2);
}

/** Rows do not change places under the cursor. */
export async function order_is_held({ base, open }) {
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, { path: "workers?sort=-rate", title: "Workers" });
  await rows(page).first().waitFor();
  await rows(page).nth(3).hover();
  await page.getByText("Order held while you point at it").waitFor();
  const order = () =>
    rows(page).evaluateAll((all) =>
      all
        .slice(0, 12)
        .map((row) => row.getAttribute("data-key"))
        .join(),
    );
  const before = await order();
  await page.waitForTimeout(3_500);
  expect((await order()) === before, "the order holds under the cursor");
}
