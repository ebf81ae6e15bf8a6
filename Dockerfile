# The image of otel-bridge: the program, its configuration, and nothing else: no shell, no package manager. It runs as the
# user 65532, and writes below /var/lib/otel-bridge alone, so its root can be mounted read-only.
#
#   docker build -t otel-bridge .
#   docker run --read-only -v otel-bridge:/var/lib/otel-bridge -p 127.0.0.1:4317-4318:4317-4318 -p 127.0.0.1:9000:9000 otel-bridge

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bin otel-bridge \
    && install -d -m 0700 /made/var/lib/otel-bridge \
    && install -D -m 0755 target/release/otel-bridge /made/usr/local/bin/otel-bridge

# The C library of Debian 12, which the program was linked with, its certificates, and no more.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="otel-bridge" \
      org.opencontainers.image.description="OTLP in, every view out, forwarded without loss" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /made/usr/local/bin/otel-bridge /usr/local/bin/otel-bridge
# A named volume takes owner and mode of this folder; the bridge refuses a queue that others may write.
COPY --from=build --chown=65532:65532 /made/var/lib/otel-bridge /var/lib/otel-bridge
COPY collector-config/otel-bridge-container.yaml /etc/otel-bridge/config.yaml
USER 65532:65532
WORKDIR /var/lib/otel-bridge
VOLUME ["/var/lib/otel-bridge"]
EXPOSE 4317 4318 9000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/otel-bridge", "probe", "http://127.0.0.1:9000/readyz"]
ENTRYPOINT ["/usr/local/bin/otel-bridge"]
CMD ["serve", "--config", "/etc/otel-bridge/config.yaml"]
