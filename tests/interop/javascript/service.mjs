// A service instrumented with the official SDK: a pool of worker threads, a component, spans and logs. It pushes OTLP over HTTP
// as protobuf (cumulative) or as JSON (delta), and appends every accepted request to a file, as the Python service does.
//
//   node service.mjs --protocol proto|json --endpoint URL --truth DIR --instance ID
import { appendFileSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { ProtobufLogsSerializer, ProtobufMetricsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const { values: options } = parseArgs({
  options: { protocol: { type: "string" }, endpoint: { type: "string" }, truth: { type: "string" }, instance: { type: "string" } },
});
mkdirSync(options.truth, { recursive: true });

const flavour = options.protocol === "proto" ? "proto" : "http";
const [{ OTLPMetricExporter }, { OTLPTraceExporter }, { OTLPLogExporter }] = await Promise.all([
  import(`@opentelemetry/exporter-metrics-otlp-${flavour}`),
  import(`@opentelemetry/exporter-trace-otlp-${flavour}`),
  import(`@opentelemetry/exporter-logs-otlp-${flavour}`),
]);

function witness(exporter, signal, serializer) {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) => {
    const body = Buffer.from(serializer.serializeRequest(batch));
    send(batch, (result) => {
      if (result.code === 0) {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(body.length);
        appendFileSync(`${options.truth}/${signal}.bin`, Buffer.concat([length, body]));
      }
      done(result);
    });
  };
  return exporter;
}

const url = (signal) => ({ url: `${options.endpoint}/v1/${signal}` });
const temporality = options.protocol === "json" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
const resource = resourceFromAttributes({ "service.name": "render", "service.instance.id": options.instance });
const metricExporter = witness(new OTLPMetricExporter({ ...url("metrics"), temporalityPreference: temporality }), "metrics", ProtobufMetricsSerializer);
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 1000, exportTimeoutMillis: 900 })],
});
const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(witness(new OTLPTraceExporter(url("traces")), "traces", ProtobufTraceSerializer), { scheduledDelayMillis: 300 })],
});
const loggers = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: witness(new OTLPLogExporter(url("logs")), "logs", ProtobufLogsSerializer), scheduledDelayMillis: 300 })],
});

const pool = [0, 1, 2].map((number) => ({
  id: `thread-${number}`, state: "ready", requests: 0, heapUsed: 0, thread: new Worker(new URL("./worker.mjs", import.meta.url)),
}));
const run = (worker, task) =>
  new Promise((done) => {
    worker.state = "active";
    worker.thread.once("message", ({ heapUsed }) => {
      Object.assign(worker, { heapUsed, state: "idle", requests: worker.requests + 1 });
      done();
    });
    worker.thread.postMessage(task);
  });

const meter = meters.getMeter("render");
const labels = (worker, more) => ({ "worker.id": worker.id, "worker.app": "render", "pool.name": "threads", ...more });
const each = (instrument, observe) => instrument.addCallback((result) => pool.forEach((worker) => observe(result, worker)));
meter.createObservableUpDownCounter("pool.size", { unit: "{worker}" }).addCallback((result) => result.observe(3, { "pool.name": "threads" }));
each(meter.createObservableCounter("worker.requests", { unit: "{request}" }), (result, worker) => result.observe(worker.requests, labels(worker)));
each(meter.createObservableGauge("worker.status", { unit: "1" }), (result, worker) => {
  for (const state of ["creating", "ready", "active", "idle", "terminated"]) {
    result.observe(Number(worker.state === state), labels(worker, { "worker.state": state }));
  }
});
each(meter.createObservableGauge("worker.memory.usage", { unit: "By" }), (result, worker) =>
  result.observe(worker.heapUsed, labels(worker, { "worker.memory.type": "heap_used" })));
const items = meter.createCounter("component.items_processed", { unit: "{item}" });
meter.createObservableGauge("component.status", { unit: "1" }).addCallback((result) => {
  for (const state of ["running", "degraded", "failed", "stopped", "starting"]) {
    result.observe(Number(state === "running"), { "component.name": "renderer", "component.type": "cpu", "component.state": state });
  }
});
const duration = meter.createHistogram("render.duration", { unit: "s" });

const tracer = tracers.getTracer("render");
const logger = loggers.getLogger("render");
let processed = 0;
const end = Date.now() + 5000;
for (let number = 0; Date.now() < end; number += 1) {
  await Promise.all(pool.map(async (worker) => {
    const begun = performance.now();
    const span = tracer.startSpan("render", { attributes: { worker: worker.id } });
    await run(worker, { rounds: 3000 });
    if (number % 9 === 4) span.setStatus({ code: SpanStatusCode.ERROR, message: "too dark" });
    logger.emit({ severityNumber: SeverityNumber.INFO, body: `frame ${number}`, attributes: { worker: worker.id, number } });
    span.end();
    items.add(1, { "component.name": "renderer" });
    duration.record((performance.now() - begun) / 1000, { scene: "night \"sky\"" });
    processed += 1;
  }));
  await new Promise((done) => setTimeout(done, 20));
}
await Promise.all([meters.forceFlush(), tracers.forceFlush(), loggers.forceFlush()]);
console.log(JSON.stringify({ workers: Object.fromEntries(pool.map((worker) => [worker.id, { requests: worker.requests }])), processed }));
await new Promise((done) => createInterface({ input: process.stdin }).once("line", done));
await Promise.all([meters.shutdown(), tracers.shutdown(), loggers.shutdown()]);
await Promise.all(pool.map((worker) => worker.thread.terminate()));
process.exit(0);
