// A process that does nothing but run under the official instrumentation of the Node.js runtime, and pushes by protobuf over HTTP.
//
//   node runtime.mjs --endpoint URL --instance ID
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";

const { values: options } = parseArgs({ options: { endpoint: { type: "string" }, instance: { type: "string" } } });
const meters = new MeterProvider({
  resource: resourceFromAttributes({ "service.name": "node-runtime", "service.instance.id": options.instance }),
  readers: [new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${options.endpoint}/v1/metrics` }), exportIntervalMillis: 1000, exportTimeoutMillis: 900,
  })],
});
const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision: 100 });
runtime.setMeterProvider(meters);
runtime.enable();
const work = setInterval(() => {
  const end = Date.now() + 20;
  while (Date.now() < end);
}, 50);
console.log(JSON.stringify({ heap: process.memoryUsage().heapUsed }));
await new Promise((done) => createInterface({ input: process.stdin }).once("line", done));
clearInterval(work);
await meters.shutdown();
process.exit(0);
