# syntax=docker/dockerfile:1
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make
WORKDIR /src
COPY tools/deps tools/deps
RUN tools/deps build
COPY . .
RUN make all

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Waxseal" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update && apt-get install -y --no-install-recommends \
        nginx tini curl ca-certificates publicsuffix uacme libsqlite3-0 libldns3 \
        libfcgi0ldbl libjansson4 libinih1 libidn2-0 libpsl5 libcurl4 libssl3 \
        libgmime-3.0-0 libmaxminddb0 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/waxseal \
        --create-home --shell /usr/sbin/nologin waxseal
COPY --from=build /src/build/bin/ /usr/local/bin/
COPY --from=build /src/build/ngx_http_waxseal_module.so /usr/local/lib/waxseal/
COPY LICENSE /usr/share/doc/waxseal/LICENSE
USER waxseal
ENV WAXSEAL_API_LISTEN=0.0.0.0:8080 \
    WAXSEAL_EDGE_LISTEN=0.0.0.0:8081 \
    WAXSEAL_EDGE_TLS_LISTEN=0.0.0.0:8443
VOLUME /var/lib/waxseal
EXPOSE 8080 8081 8443
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD curl -fsS http://127.0.0.1:8080/healthz && curl -s -o /dev/null http://127.0.0.1:8081/
ENTRYPOINT ["tini", "--", "waxseal", "run", "--dir", "/var/lib/waxseal"]
