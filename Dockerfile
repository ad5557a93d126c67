# syntax=docker/dockerfile:1
# The program alone, with all features, linked statically, in an image without a shell.
#
#   docker build -t tidewaiter .
#   docker run --rm -v tidewaiter:/cache tidewaiter db sync
#   docker run --rm -v tidewaiter:/cache -v "$PWD:/work:ro" tidewaiter scan function.zip
#
# Checked: hadolint, and that what is copied is there. Not run yet, for want of a machine with Docker: the build on
# Alpine (musl), and the image.

FROM rust:1-alpine AS build
# A C compiler and musl's headers: zstd, libdeflate and ring are C and assembly. Rust for musl links statically.
# hadolint ignore=DL3018
RUN apk add --no-cache gcc musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs README.md ./
COPY advisory-cache advisory-cache
COPY src src
RUN cargo install --locked --path . --features aws --root /out && mkdir /cache

# Root certificates, and a user that is not root; nothing else.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/bin/tidewaiter /tidewaiter
COPY --from=build --chown=nonroot:nonroot /cache /cache
ENV TIDEWAITER_CACHE=/cache
VOLUME /cache
WORKDIR /work
ENTRYPOINT ["/tidewaiter"]
