# Two images of one tree:
#
#   services   both programs and the libraries that they load, and nothing else: no shell,
#              no package manager (what `docker build .` makes)
#   dev        all that `make` needs, the servers included, for a machine that is no Debian 12
#
# The plain instructions only, so that every builder understands them, also the one before
# BuildKit and one without a network to fetch a newer syntax from.
#
#   DEBIAN_IMAGE    the base image, or its name at a mirror of images
#   DEBIAN_MIRROR   where packages come from instead of where the image says, such as
#                   http://MIRROR.example; http: the image has no certificates yet, and apt checks
#                   signatures anyway
#   CONSUL_RELEASES where the image dev gets Consul from (consul-dev/get-consul)
#   REVISION        what the label says: --build-arg REVISION=$(git rev-parse HEAD)

ARG DEBIAN_IMAGE=debian:bookworm-slim
FROM ${DEBIAN_IMAGE} AS debian
# For what a build leaves behind to be known as its own.
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
# Without debug information. Then each library that ldd finds, under the path where the loader looks for it; and
# the certificates by which a Consul or etcd behind TLS is known. The folder is for a volume, which begins like it:
# there order-service can keep its lists. All of one date: the same tree and packages make the same layer.
RUN strip /image/usr/local/bin/* && \
    ldd /image/usr/local/bin/* | grep -o '/[^ ]*\.so[^ ]*' | sort -u | \
    xargs cp -L --parents -t /image /etc/ssl/certs/ca-certificates.crt && \
    install -D -m 644 LICENSE /image/usr/share/doc/service-discovery/LICENSE && \
    install -d -m 1777 /image/var/lib/order-service && \
    find /image -exec touch -hd @0 {} +
# Nothing is missing: both start where there is nothing else.
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

FROM debian AS dev
# What is built, and Consul: beside the tree and not in it.
ENV BUILD=/build CONSUL_HOME=/opt/consul RUN_DIR=/tmp/run
COPY consul-dev/install-deps consul-dev/get-consul consul-dev/*.sh /opt/deps/consul-dev/
ARG CONSUL_RELEASES=
RUN /opt/deps/consul-dev/install-deps && rm -rf /var/lib/apt/lists/* && mkdir /build
COPY consul-dev/as-owner /usr/local/bin/
WORKDIR /src
ENTRYPOINT ["as-owner"]
CMD ["make", "help"]

# What a build without --target makes.
FROM services
