# Builds three images:
#
#   services   both programs and their libraries, and nothing else: no shell, no package
#              manager (the default of `docker build .`)
#   playground the page that shows them at work (--profile playground), in the same way
#   dev        all that `make` needs, with the servers, for a machine without Debian 12
#
# It uses only basic instructions, so that every builder supports them: also the builder
# that docker had before BuildKit, and a builder that cannot download a newer syntax.
#
#   DEBIAN_IMAGE    the base image, or its name at a mirror
#   DEBIAN_MIRROR   a mirror of Debian's packages, such as http://MIRROR.example; http, because
#                   the image has no certificates yet, and apt checks signatures
#   CONSUL_RELEASES where the image dev downloads Consul (consul-dev/get-consul)
#   REVISION        the revision in the label: --build-arg REVISION=$(git rev-parse HEAD)

ARG DEBIAN_IMAGE=debian:bookworm-slim
FROM ${DEBIAN_IMAGE} AS debian
# The label identifies images that a build leaves behind.
LABEL org.opencontainers.image.title="service-discovery"
ARG DEBIAN_MIRROR=
RUN test -z "$DEBIAN_MIRROR" || \
    find /etc/apt -name '*.sources' -o -name 'sources.list' | xargs sed -i -E "s|https?://[^/ ]+|$DEBIAN_MIRROR|"

FROM debian AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates gcc libc6-dev make pkg-config libmicrohttpd-dev libcurl4-openssl-dev libjansson-dev libpq-dev \
    libhiredis-dev libuv1-dev libnghttp2-dev
WORKDIR /src
COPY Makefile LICENSE ./
COPY common common
COPY user-service user-service
COPY order-service order-service
RUN make install BUILD=/build DESTDIR=/image
# Removes the debug information. Copies each library that ldd finds, to the path where the loader searches it, and
# the certificates that verify a Consul or etcd with TLS. Creates the folder for the volume in which order-service
# can save its lists. Sets one date for all files, so that the same tree and packages give the same layer.
RUN strip /image/usr/local/bin/* && \
    ldd /image/usr/local/bin/* | grep -o '/[^ ]*\.so[^ ]*' | sort -u | \
    xargs cp -L --parents -t /image /etc/ssl/certs/ca-certificates.crt && \
    install -D -m 644 LICENSE /image/usr/share/doc/service-discovery/LICENSE && \
    install -d -m 1777 /image/var/lib/order-service && \
    find /image -exec touch -hd @0 {} +
# Checks that no file is missing: both programs must start with only these files.
RUN chroot /image user-service --version && chroot /image order-service --version

FROM scratch AS services
COPY --from=build /image /
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["user-service"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="service-discovery" \
      org.opencontainers.image.description="user-service and order-service: service registration and discovery in C" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT"

FROM build AS build-playground
COPY tests/harness tests/harness
COPY exercises/checker/text.c exercises/checker/text.h exercises/checker/
COPY consul-dev/playground consul-dev/playground
RUN make /build/playground BUILD=/build && install -D -s /build/playground /playground/usr/local/bin/playground && \
    ldd /build/playground | grep -o '/[^ ]*\.so[^ ]*' | sort -u | xargs cp -L --parents -t /playground && \
    find /playground -exec touch -hd @0 {} +
RUN chroot /playground playground --help >/dev/null

FROM scratch AS playground
COPY --from=build-playground /playground /
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["playground", "--observe"]
LABEL org.opencontainers.image.title="service-discovery" \
      org.opencontainers.image.description="a page that shows the services at work" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.licenses="MIT"

FROM debian AS dev
# The build folder and Consul are outside of the source tree.
ENV BUILD=/build CONSUL_HOME=/opt/consul RUN_DIR=/tmp/run
COPY consul-dev/install-deps consul-dev/get-consul consul-dev/*.sh /opt/deps/consul-dev/
ARG CONSUL_RELEASES=
RUN /opt/deps/consul-dev/install-deps python && rm -rf /var/lib/apt/lists/* && mkdir /build
COPY consul-dev/as-owner /usr/local/bin/
WORKDIR /src
ENTRYPOINT ["as-owner"]
CMD ["make", "help"]

# The default of a build without --target.
FROM services
