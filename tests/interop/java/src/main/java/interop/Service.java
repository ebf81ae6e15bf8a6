package interop;

import static io.opentelemetry.api.common.AttributeKey.stringKey;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A service instrumented with the official SDK: a thread pool that hashes, one component, and spans, pushed by gRPC.
 *
 * <p>Arguments: endpoint, folder of the truth, instance id.
 */
public final class Service {
  private Service() {}

  public static void main(String[] arguments) throws Exception {
    Path truth = Files.createDirectories(Path.of(arguments[1]));
    Resource resource =
        Resource.create(
            Attributes.of(stringKey("service.name"), "billing", stringKey("service.instance.id"), arguments[2]));
    var metricExporter = OtlpGrpcMetricExporter.builder().setEndpoint(arguments[0]).setCompression("gzip").build();
    var spanExporter = OtlpGrpcSpanExporter.builder().setEndpoint(arguments[0]).build();
    SdkMeterProvider meters =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(
                PeriodicMetricReader.builder(new Witness.Metrics(metricExporter, truth.resolve("metrics.bin")))
                    .setInterval(Duration.ofSeconds(1))
                    .build())
            .build();
    SdkTracerProvider tracers =
        SdkTracerProvider.builder()
            .setResource(resource)
            .addSpanProcessor(
                BatchSpanProcessor.builder(new Witness.Spans(spanExporter, truth.resolve("traces.bin")))
                    .setScheduleDelay(Duration.ofMillis(300))
                    .build())
            .build();

    ThreadPoolExecutor pool = (ThreadPoolExecutor) Executors.newFixedThreadPool(3);
    Meter meter = meters.get("billing");
    Attributes poolName = Attributes.of(stringKey("pool.name"), "billing");
    meter.upDownCounterBuilder("pool.size").setUnit("{worker}").buildWithCallback(
        result -> result.record(pool.getMaximumPoolSize(), poolName));
    meter.upDownCounterBuilder("pool.worker.count").setUnit("{worker}").buildWithCallback(
        result -> {
          int active = pool.getActiveCount();
          result.record(active, state(poolName, "active"));
          result.record(pool.getPoolSize() - active, state(poolName, "idle"));
        });
    meter.counterBuilder("pool.requests").setUnit("{request}").buildWithCallback(
        result -> result.record(pool.getCompletedTaskCount(), poolName));
    LongCounter items = meter.counterBuilder("component.items_processed").setUnit("{item}").build();
    Tracer tracer = tracers.get("billing");

    int tasks = 300;
    for (int number = 0; number < tasks; number++) {
      int task = number;
      pool.submit(() -> work(tracer, items, task));
    }
    pool.shutdown();
    if (!pool.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the tasks did not end in 30 s");
    }
    // A flush that meets the periodic export is dropped, and says so.
    for (int attempt = 0; attempt < 100 && !meters.forceFlush().join(10, TimeUnit.SECONDS).isSuccess(); attempt++) {
      Thread.sleep(50);
    }
    tracers.forceFlush().join(10, TimeUnit.SECONDS);
    System.out.println("{\"tasks\": " + tasks + "}");
    System.in.read();
    meters.shutdown().join(10, TimeUnit.SECONDS);
    tracers.shutdown().join(10, TimeUnit.SECONDS);
    System.exit(0);
  }

  private static Attributes state(Attributes pool, String state) {
    return pool.toBuilder().put("pool.worker.state", state).build();
  }

  private static void work(Tracer tracer, LongCounter items, int task) {
    Span span = tracer.spanBuilder("invoice").setAttribute("task", task).startSpan();
    try {
      byte[] digest = {1};
      for (int round = 0; round < 5_000; round++) {
        digest = MessageDigest.getInstance("SHA-256").digest(digest);
      }
      if (task % 11 == 3) {
        span.setStatus(StatusCode.ERROR, "no such customer");
      }
      items.add(1, Attributes.of(stringKey("component.name"), "invoices"));
    } catch (java.security.GeneralSecurityException error) {
      span.recordException(error);
    } finally {
      span.end();
    }
  }
}
