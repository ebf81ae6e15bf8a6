// Writes the types of the API that a running bridge tells: types.mjs BINARY OUTPUT
import { execFileSync } from "node:child_process";
import { Bridge } from "./servers.mjs";

const [binary, output] = process.argv.slice(2);
const bridge = await new Bridge(binary).start();
try {
  const generator = new URL("../../node_modules/.bin/openapi-typescript", import.meta.url).pathname;
  execFileSync(generator, [`${bridge.root}/openapi.json`, "--output", output], { stdio: "pipe" });
} finally {
  await bridge.stop();
}
