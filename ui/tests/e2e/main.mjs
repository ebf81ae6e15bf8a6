// The page in a real browser against a real bridge under load: main.mjs --binary PATH [--chromium PATH] [--only NAME] [--preview]
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import * as behaviour from "./checks/behaviour.mjs";
import * as connection from "./checks/connection.mjs";
import * as data from "./checks/data.mjs";
import * as looks from "./checks/looks.mjs";
import { Bridge, Load, Page } from "./servers.mjs";

const { values } = parseArgs({
  options: {
    binary: { type: "string", default: "../target/release/otel-bridge" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    only: { type: "string", default: "" },
    preview: { type: "boolean", default: false },
  },
});

/** These may run side by side; those about the connection need the bridge for themselves. */
const TOGETHER = [...Object.entries(looks), ...Object.entries(data), ...Object.entries(behaviour)];
const ALONE = Object.entries(connection);

const servers = [];
const started = async (server, ...options) => {
  servers.unshift(server);
  return server.start(...options);
};

Page.isPreview = values.preview;

async function main() {
  const bridge = await started(new Bridge(values.binary));
  const page = await started(new Page(), bridge);
  await started(new Load(), bridge, "--workers", "240");
  console.log(`page at ${page.base}, bridge at ${bridge.root}`);
  let failed = 0;
  const work = async (checks) => {
    for (let next = checks.shift(); next; next = checks.shift()) {
      const [name, check] = next;
      if (!name.includes(values.only)) continue;
      const began = Date.now();
      const problem = await runCheck(check, { bridge, base: page.base });
      const seconds = ((Date.now() - began) / 1_000).toFixed(1);
      console.log(`${problem ? "FAILED" : "ok"}  ${name} (${seconds} s)${problem ? `\n${problem}` : ""}`);
      if (problem) failed += 1;
    }
  };
  await Promise.all([work(TOGETHER), work(TOGETHER)]);
  await work(ALONE);
  return failed;
}

/** Each check has a browser of its own, and nobody may have complained or asked a stranger at its end. */
async function runCheck(check, world) {
  const browsers = [];
  const open = async (options = {}) => {
    const browser = await openBrowser({ executable: values.chromium, ...options });
    browsers.push(browser);
    return browser;
  };
  const tolerated = [];
  const origin = new URL(world.base).origin;
  try {
    await check({ ...world, open, started, binary: values.binary, tolerate: (pattern) => tolerated.push(pattern) });
    for (const { watch } of browsers) {
      const strangers = watch.requests.filter(
        (url) => !/^(data|blob):/.test(url) && !url.startsWith(origin) && !tolerated.some((one) => one.test(url)),
      );
      if (strangers.length > 0) return `asked strangers: ${strangers.slice(0, 5).join(", ")}`;
      const complaints = watch.complaints.filter((text) => !tolerated.some((one) => one.test(text)));
      if (complaints.length > 0) return `complaints: ${complaints.slice(0, 5).join("\n")}`;
    }
    return "";
  } catch (error) {
    return error.stack;
  } finally {
    for (const browser of browsers) await browser.close();
  }
}

let failed = 1;
try {
  failed = await main();
} catch (error) {
  console.error(error);
} finally {
  for (const server of servers) await server.stop();
}
console.log(failed === 0 ? "every check passed" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
