# syntax=docker/dockerfile:1
#
# The program alone: no shell, no package manager, and a user without rights. Data is in /data.
#
#     docker build -t members-area .
#     docker run -p 127.0.0.1:3000:3000 -e MEMBERS_AREA_SITE__BASE_URL=http://localhost:3000 -v members-area:/data members-area
#
# Build and run time are of the same Debian, so that the program finds the glibc that it was linked with.

FROM rust:1-slim-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# The compiler and its tools only build: their newest patch is wanted.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src

# The tools, in a layer of their own, since sources change more often.
COPY rust-toolchain.toml Cargo.lock ./
COPY script/lib.sh script/
RUN . script/lib.sh && ensure_build

COPY . .
RUN . script/lib.sh && ensure_build && build_release dist \
    && install -D "$PROGRAM" /image/usr/local/bin/members-area \
    && install -D -m 644 contrib/container.toml /image/Leptos.toml \
    && install -d -o 65532 -g 65532 -m 700 /image/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image /
# The folder in which Leptos.toml is.
WORKDIR /
USER 65532:65532
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["members-area", "healthcheck"]
ENTRYPOINT ["members-area"]
CMD ["serve"]
