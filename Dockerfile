# An image with a static binary and CA certificates, which runs as nobody. It has no shell and no libc.
#
#   make image
#   docker run -p 9943:9943 -e GEELARK_TOKEN -e GEELARK_PHONE_IDS geelark_exporter:0.1.0
#
# Podman and buildah need Docker's format for the health check: make image CONTAINER=podman ARGS='--format docker'

# The manifests with empty crates.
FROM rust:1.95-bookworm AS manifests
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY crates crates
RUN find crates -type f ! -name Cargo.toml -delete \
    && for crate in . crates/*; do mkdir -p "$crate/src" && touch "$crate/src/lib.rs"; done \
    && echo 'fn main() {}' >src/main.rs

FROM rust:1.95-bookworm AS build
WORKDIR /build
# Static linking needs --target, because otherwise it would apply to build scripts and macros too.
ENV RUSTFLAGS="-C target-feature=+crt-static"

# The dependencies, in a layer that is valid until Cargo.lock or a manifest changes.
COPY --from=manifests /build ./
RUN cargo build --locked --release --target "$(rustc --print host-tuple)" && rm -r src crates

COPY crates crates
COPY src src
ARG REVISION=unknown
# Copied files keep their times, which may be older than the build of the empty crates. cargo must see newer files.
RUN find src crates -name '*.rs' -exec touch {} + && host=$(rustc --print host-tuple) \
    && GEELARK_REVISION="$REVISION" cargo build --locked --release --target "$host" \
    && install -D "target/$host/release/geelark_exporter" /out/geelark_exporter \
    && mkdir -p /out/state/geelark_exporter

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="geelark_exporter" \
      org.opencontainers.image.description="Prometheus exporter for fleets of GeeLark cloud phones" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/geelark_exporter /geelark_exporter
# For state.path: a new volume that is mounted here takes over the owner of this folder, so the exporter can write to it.
COPY --from=build --chown=65534:65534 /out/state /var/lib
USER 65534:65534
EXPOSE 9943
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/geelark_exporter", "healthcheck"]
ENTRYPOINT ["/geelark_exporter"]
