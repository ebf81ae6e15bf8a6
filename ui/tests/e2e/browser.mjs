import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A browser with a new profile, of which every page is watched: what it asks others for, and what it complains of.
 * @param {{ executable: string, theme?: "light" | "dark", width?: number, height?: number }} options
 */
export async function openBrowser({ executable, theme = "light", width = 1440, height = 900 }) {
  const profile = mkdtempSync(join(tmpdir(), "otel-bridge-ui-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    args: ARGUMENTS,
    colorScheme: theme,
    viewport: { width, height },
    locale: "en-US",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const watch = { requests: [], complaints: [] };
  context.on("request", (request) => watch.requests.push(request.url()));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watch.complaints.push(`${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => watch.complaints.push(`uncaught: ${error.error().message}`));
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, watch, close };
}
