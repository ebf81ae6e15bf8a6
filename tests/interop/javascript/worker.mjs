// A worker thread: hashes what it is given and tells what heap it uses.
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";

parentPort.on("message", ({ rounds }) => {
  let digest = "seed";
  for (let round = 0; round < rounds; round += 1) digest = createHash("sha256").update(digest).digest("hex");
  parentPort.postMessage({ digest, heapUsed: process.memoryUsage().heapUsed });
});
