// Pictures of every screen, for looking at: shots.mjs BASE [THEME] [WIDTH] [SCREEN…]
import { mkdirSync } from "node:fs";
import { openBrowser } from "./browser.mjs";
import { SCREENS } from "./screens.mjs";

const [base = "http://127.0.0.1:4173/ui/", theme = "dark", width = "1440", ...names] = process.argv.slice(2);
const folder = new URL("../../screenshots/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
const browser = await openBrowser({
  executable: process.env.CHROMIUM ?? "/usr/bin/chromium",
  theme,
  width: Number(width),
  height: Number(width) < 500 ? 844 : 900,
});
const page = await browser.context.newPage();
for (const screen of SCREENS) {
  if (names.length > 0 && !names.includes(screen.name)) continue;
  await page.goto(base + screen.path);
  await page.getByRole("heading", { level: 1, name: screen.title }).waitFor();
  await page.waitForTimeout(Number(process.env.SETTLE_MS ?? 2500));
  await page.screenshot({ path: `${folder}${screen.name}-${theme}-${width}.png`, fullPage: process.env.FULL === "1" });
}
console.log(browser.watch.complaints.join("\n") || "no complaints");
await browser.close();
