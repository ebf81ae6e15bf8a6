import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const HERE = new URL("../../", import.meta.url).pathname;
const WORK = join(HERE, ".work");

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Tries until it succeeds; the guard is against hanging, and no measurement. */
export async function until(what, check, guardMs = 30_000) {
  const end = Date.now() + guardMs;
  let last;
  while (Date.now() < end) {
    try {
      const value = await check();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never happened: ${what}${last ? ` (${last.message})` : ""}`);
}

function run(command, options, log) {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"], ...options });
  child.stdout.on("data", (data) => log.push(String(data)));
  child.stderr.on("data", (data) => log.push(String(data)));
  return child;
}

async function end(child, signal = "SIGTERM") {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

/** A real bridge on ports of its own, with a destination that is not there. */
export class Bridge {
  log = [];

  constructor(binary) {
    this.binary = binary;
  }

  async start(extra = "") {
    mkdirSync(WORK, { recursive: true });
    this.http ??= await freePort();
    this.pull ??= await freePort();
    const name = `bridge-${this.pull}`;
    this.files = [join(WORK, `${name}.yaml`), join(WORK, name)];
    const push = extra.includes("self_observation: false")
      ? ""
      : `push:\n  - { name: stack, endpoint: "http://127.0.0.1:9", protocol: http/protobuf, queue: { directory: ${join(WORK, name)} } }\nlinks: { trace: "http://127.0.0.1:3000/explore?trace={trace_id}", worker: "http://127.0.0.1:3000/d/x?worker={worker_id}" }\n`;
    writeFileSync(
      this.files[0],
      `${extra}receive:\n  otlp:\n    grpc: { address: 127.0.0.1:${await freePort()} }\n    http: { address: 127.0.0.1:${this.http} }\npull:\n  - { name: system_metrics, address: 127.0.0.1:${this.pull}, rate_limit: { per_second: 10000, burst: 10000 } }\n${push}`,
    );
    this.child = run([this.binary, "serve", "--config", this.files[0]], {}, this.log);
    await until("the bridge answers", async () => (await fetch(`${this.root}/livez`)).ok).catch((error) => {
      throw new Error(`${error.message}\n${this.log.join("")}`);
    });
    return this;
  }

  get root() {
    return `http://127.0.0.1:${this.pull}`;
  }

  async about() {
    return (await fetch(`${this.root}/api/v1/about`)).json();
  }

  async servesThePage() {
    const answer = await fetch(`${this.root}/ui/`);
    return answer.ok && (await answer.text()).includes("data-otel-bridge");
  }

  async kill() {
    await end(this.child, "SIGKILL");
  }

  async stop() {
    await end(this.child);
    for (const file of this.files ?? []) rmSync(file, { recursive: true, force: true });
  }
}

/** Serves the built page before a bridge that does not serve it itself. */
export class Page {
  /** Whether the page of this folder is served even where the bridge has one of its own. */
  static isPreview = false;
  log = [];

  async start(bridge) {
    if (!Page.isPreview && (await bridge.servesThePage())) {
      this.base = `${bridge.root}/ui/`;
      return this;
    }
    const port = await freePort();
    const vite = join(HERE, "node_modules/vite/bin/vite.js");
    const command = [process.execPath, vite, "preview", "--port", String(port), "--strictPort"];
    this.child = run(command, { cwd: HERE, env: { ...process.env, OTEL_BRIDGE: bridge.root } }, this.log);
    this.base = `http://127.0.0.1:${port}/ui/`;
    await until("the page is served", async () => (await fetch(this.base)).ok);
    return this;
  }

  async stop() {
    await end(this.child);
  }
}

/** Services under load. */
export class Load {
  log = [];

  async start(bridge, ...options) {
    const command = ["python3", join(HERE, "tests/load/generator.py"), "--endpoint", `http://127.0.0.1:${bridge.http}`];
    this.child = run([...command, "--seconds", "600", ...options], {}, this.log);
    await until("the load runs", () => this.log.join("").includes("ready"), 60_000).catch((error) => {
      throw new Error(`${error.message}\n${this.log.join("")}`);
    });
    return this;
  }

  async stop() {
    await end(this.child, "SIGINT");
  }
}
