import { until } from "../servers.mjs";
import { expect, visit } from "../visit.mjs";

const OVERVIEW = { path: "", title: "Overview" };

/** Ten tabs share one connection; when the tab that holds it goes, another takes over. */
export async function ten_tabs_one_connection({ base, bridge, open }) {
  const { context } = await open();
  const pages = [];
  for (let tab = 0; tab < 10; tab += 1) {
    const page = await context.newPage();
    await visit(page, base, tab % 2 === 0 ? OVERVIEW : { path: "workers", title: "Workers" });
    pages.push(page);
  }
  const clients = async () => (await bridge.about()).sse_clients;
  await until("ten tabs are one client", async () => (await clients()) === 1);
  await pages[0].close();
  await until("one tab took over", async () => (await clients()) === 1);
  const text = () => pages[5].locator("[data-worker-grid]").textContent();
  const before = await text();
  await until("the others go on", async () => (await text()) !== before);
  for (const page of pages.slice(1)) await page.getByText("Live", { exact: true }).waitFor();
}

/** A bridge that dies leaves the last data and a banner; when it is back, so is the page, and the restart is known. */
export async function reconnect_after_kill({ base, bridge, open, tolerate }) {
  tolerate(/Failed to load resource/);
  const { context } = await open();
  const page = await context.newPage();
  await visit(page, base, { path: "workers", title: "Workers" });
  await page.locator("[data-worker-grid] [data-row]").first().waitFor();
  await bridge.kill();
  await page.getByText("Disconnected", { exact: true }).waitFor();
  await page.getByText("The connection to the bridge is lost.").waitFor();
  expect((await page.locator("[data-worker-grid] [data-row]").count()) > 5, "the last data stay");
  await page.screenshot({ path: new URL("../../../screenshots/disconnected.png", import.meta.url).pathname });
  await bridge.start();
  await page
    .getByRole("button", { name: "Retry" })
    .click({ timeout: 2_000 })
    .catch(() => undefined);
  await page.getByText("Live", { exact: true }).waitFor();
  await until(
    "the new run's data are there",
    async () => (await page.locator("[data-worker-grid] [data-row]").count()) > 5,
  );
  await page.getByText("The connection to the bridge is lost.").waitFor({ state: "detached" });
}

/** What refuses is told in its own words, and a wish to wait is honoured. */
export async function refusals({ base, open, tolerate }) {
  tolerate(/Failed to load resource/);
  const answer =
    (status, detail, headers = {}) =>
    (route) =>
      route.fulfill({
        status,
        contentType: "application/problem+json",
        headers,
        body: JSON.stringify({ type: "about:blank", title: "No", status, detail }),
      });
  for (const [status, text, detail] of [
    [401, "This endpoint asks for credentials.", "Give a bearer token"],
    [403, "These credentials may not read this endpoint.", "Not yours"],
    [429, "Too many requests from this address.", "Slow down"],
    [503, "The bridge takes no more connections now.", "Full"],
  ]) {
    const { context } = await open();
    const page = await context.newPage();
    let asked = 0;
    await page.route("**/api/v1/stream", (route) => {
      asked += 1;
      return answer(status, detail, { "retry-after": "60" })(route);
    });
    await page.goto(base);
    await page.getByText(`${text} ${detail}`).waitFor();
    if (status === 401) await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.waitForTimeout(800);
    expect(asked === 1, `${status} with Retry-After is not asked again at once`);
  }
}
