package interop;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.MetricsTrackerFactory;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.jvm.ExecutorServiceMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.instrumentation.hikaricp.v3_0.HikariTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;

/**
 * What Java services emit without knowing of the bridge: Resilience4j, HikariCP and executors by Micrometer's OTLP registry, and HikariCP by
 * OpenTelemetry's own instrumentation. Everything ends in a known state, which it holds until a line comes.
 *
 * <p>Arguments: OTLP/HTTP endpoint, OTLP/gRPC endpoint, instance id.
 */
public final class Runtimes {
  private static final List<Connection> HELD = new ArrayList<>();

  /** Micrometer's gauges hold their subjects weakly. */
  private static CircuitBreakerRegistry breakers;

  private Runtimes() {}

  public static void main(String[] arguments) throws Exception {
    OtlpMeterRegistry registry = registry(arguments[0], arguments[2]);
    OpenTelemetrySdk telemetry = telemetry(arguments[1], arguments[2]);
    new ProcessorMetrics().bindTo(registry);
    breakers(registry);
    HikariDataSource micrometer = pool("orders", 5, new MicrometerMetricsTrackerFactory(registry));
    hold(micrometer, 2);
    HikariDataSource official = pool("invoices", 4, HikariTelemetry.create(telemetry).createMetricsTrackerFactory());
    hold(official, 3);
    CountDownLatch over = new CountDownLatch(1);
    List<ExecutorService> executors = executors(registry, over);
    System.out.println("ready");
    System.in.read();
    over.countDown();
    executors.forEach(ExecutorService::shutdownNow);
    for (Connection connection : HELD) {
      connection.close();
    }
    micrometer.close();
    official.close();
    registry.close();
    telemetry.close();
    System.exit(0);
  }

  private static OtlpMeterRegistry registry(String endpoint, String instance) {
    OtlpConfig config =
        new OtlpConfig() {
          @Override
          public String get(String key) {
            return null;
          }

          @Override
          public String url() {
            return endpoint + "/v1/metrics";
          }

          @Override
          public Duration step() {
            return Duration.ofSeconds(1);
          }

          @Override
          public Map<String, String> resourceAttributes() {
            return Map.of("service.name", "micrometer", "service.instance.id", instance);
          }
        };
    return new OtlpMeterRegistry(config, Clock.SYSTEM);
  }

  private static OpenTelemetrySdk telemetry(String endpoint, String instance) {
    Resource resource =
        Resource.create(
            Attributes.of(
                AttributeKey.stringKey("service.name"), "instrumented",
                AttributeKey.stringKey("service.instance.id"), instance));
    SdkMeterProvider meters =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(
                PeriodicMetricReader.builder(OtlpGrpcMetricExporter.builder().setEndpoint(endpoint).build())
                    .setInterval(Duration.ofSeconds(1))
                    .build())
            .build();
    return OpenTelemetrySdk.builder().setMeterProvider(meters).build();
  }

  /** `payments` opens after 4 good calls, an ignored one and 6 failures, and rejects 3; `stock` stays closed after 2. */
  private static void breakers(OtlpMeterRegistry registry) {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.custom()
            .slidingWindowSize(10)
            .minimumNumberOfCalls(10)
            .failureRateThreshold(50)
            .waitDurationInOpenState(Duration.ofHours(1))
            .ignoreExceptions(IllegalArgumentException.class)
            .build();
    breakers = CircuitBreakerRegistry.of(config);
    TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(breakers).bindTo(registry);
    CircuitBreaker payments = breakers.circuitBreaker("payments", config, Map.of("group", "till"));
    call(payments, null, 4);
    call(payments, new IllegalArgumentException("not the callee's fault"), 1);
    call(payments, new IllegalStateException("the callee is broken"), 6);
    call(payments, null, 3);
    call(breakers.circuitBreaker("stock", config, Map.of("group", "shelf")), null, 2);
  }

  private static void call(CircuitBreaker breaker, RuntimeException failure, int times) {
    for (int number = 0; number < times; number++) {
      try {
        breaker.executeRunnable(
            () -> {
              if (failure != null) {
                throw failure;
              }
            });
      } catch (CallNotPermittedException | IllegalArgumentException | IllegalStateException expected) {
        // Counted by the breaker.
      }
    }
  }

  private static HikariDataSource pool(String name, int size, MetricsTrackerFactory tracker) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:h2:mem:" + name);
    config.setPoolName(name);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(size);
    config.setMetricsTrackerFactory(tracker);
    return new HikariDataSource(config);
  }

  private static void hold(HikariDataSource pool, int connections) throws Exception {
    for (int number = 0; number < connections; number++) {
      HELD.add(pool.getConnection());
    }
  }

  /** `jobs` has 3 threads, did 20 tasks, works on 2 more and has none waiting; `forks` has 2 and works on 1. */
  private static List<ExecutorService> executors(OtlpMeterRegistry registry, CountDownLatch over) throws Exception {
    ExecutorService jobs = Executors.newFixedThreadPool(3);
    ExecutorService jobsMonitored = ExecutorServiceMetrics.monitor(registry, jobs, "jobs");
    ExecutorService forks = new ForkJoinPool(2);
    ExecutorService forksMonitored = ExecutorServiceMetrics.monitor(registry, forks, "forks");
    List<Future<?>> done = new ArrayList<>();
    for (int number = 0; number < 20; number++) {
      done.add(jobsMonitored.submit(() -> 1));
    }
    for (Future<?> one : done) {
      one.get();
    }
    Runnable held =
        () -> {
          try {
            over.await();
          } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
          }
        };
    jobsMonitored.submit(held);
    jobsMonitored.submit(held);
    forksMonitored.submit(held);
    return List.of(jobs, forks);
  }
}
