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

ARG DEBIAN_IMAGE=debian:bookworm-slim
FROM ${DEBIAN_IMAGE} AS debian
ARG DEBIAN_MIRROR=
RUN test -z "$DEBIAN_MIRROR" || \
    find /etc/apt -name '*.sources' -o -name 'sources.list' | xargs sed -i -E "s|https?://[^/ ]+|$DEBIAN_MIRROR|"

FROM debian AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates gcc libc6-dev make pkg-config libmicrohttpd-dev libcurl4-openssl-dev libjansson-dev libpq-dev \
    libhiredis-dev libuv1-dev libnghttp2-dev
WORKDIR /src
COPY Makefile ./
COPY common common
COPY user-service user-service
COPY order-service order-service
RUN make install BUILD=/build DESTDIR=/image
# Without debug information. Then each library that ldd finds, under the path where the loader looks for it; and
# the certificates by which a Consul or etcd behind TLS is known.
RUN strip /image/usr/local/bin/* && \
    ldd /image/usr/local/bin/* | grep -o '/[^ ]*\.so[^ ]*' | sort -u | \
    xargs cp -L --parents -t /image /etc/ssl/certs/ca-certificates.crt && \
    mkdir /snapshots
# Nothing is missing: both start where there is nothing else.
RUN chroot /image user-service --version && chroot /image order-service --version

FROM scratch AS services
COPY --from=build /image /
# An empty folder. A volume over it begins with its owner: so order-service can keep its lists there.
COPY --from=build --chown=10001:10001 /snapshots /var/lib/order-service
COPY LICENSE /usr/share/doc/service-discovery/
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["user-service"]
LABEL org.opencontainers.image.title="service-discovery" \
      org.opencontainers.image.description="user-service and order-service: service registration and discovery in C" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.licenses="MIT"

FROM debian AS dev
# What is built, and Consul: beside the tree and not in it.
ENV BUILD=/build CONSUL_HOME=/opt/consul RUN_DIR=/tmp/run
COPY consul-dev/install-deps consul-dev/get-consul consul-dev/*.sh /opt/deps/consul-dev/
RUN /opt/deps/consul-dev/install-deps && rm -rf /var/lib/apt/lists/* && mkdir /build
COPY consul-dev/as-owner /usr/local/bin/
WORKDIR /src
ENTRYPOINT ["as-owner"]
CMD ["make", "help"]

# What a build without --target makes.
FROM services
