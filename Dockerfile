# Builds the one binary and runs it as an unprivileged user. The data folder is a volume.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin causeway

FROM debian:bookworm-slim
RUN useradd --system --home-dir /var/lib/causeway --create-home causeway
COPY --from=build /src/target/release/causeway /usr/local/bin/causeway
USER causeway
VOLUME /var/lib/causeway
EXPOSE 8080
ENTRYPOINT ["causeway"]
CMD ["serve", "--config", "/etc/causeway/causeway.toml"]
