package interop;

import io.opentelemetry.exporter.internal.marshal.Marshaler;
import io.opentelemetry.exporter.internal.otlp.metrics.MetricsRequestMarshaler;
import io.opentelemetry.exporter.internal.otlp.traces.TraceRequestMarshaler;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;

/** Appends every accepted export request to a file: four bytes of length, then the request. */
final class Witness {
  private Witness() {}

  private static synchronized void write(Path file, Marshaler request) {
    try (DataOutputStream out = new DataOutputStream(new FileOutputStream(file.toFile(), true))) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      request.writeBinaryTo(body);
      out.writeInt(body.size());
      body.writeTo(out);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static CompletableResultCode then(CompletableResultCode result, Path file, Marshaler request) {
    result.whenComplete(
        () -> {
          if (result.isSuccess()) {
            write(file, request);
          }
        });
    return result;
  }

  record Metrics(MetricExporter inner, Path file) implements MetricExporter {
    @Override
    public CompletableResultCode export(Collection<MetricData> batch) {
      return then(inner.export(batch), file, MetricsRequestMarshaler.create(batch));
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
      return inner.getAggregationTemporality(type);
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }
  }

  record Spans(SpanExporter inner, Path file) implements SpanExporter {
    @Override
    public CompletableResultCode export(Collection<SpanData> batch) {
      return then(inner.export(batch), file, TraceRequestMarshaler.create(batch));
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }
  }
}
