# Builds the one binary and runs it as an unprivileged user. Nothing but /tmp and the data folder is
# written, so the root file system may be read-only.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin causeway

FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 causeway && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/causeway --create-home causeway
COPY --from=build --chmod=0755 /src/target/release/causeway /usr/local/bin/causeway
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
VOLUME ["/var/lib/causeway", "/tmp"]
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["causeway"]
CMD ["serve", "--config", "/etc/causeway/causeway.toml"]
