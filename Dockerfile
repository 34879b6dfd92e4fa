# Earshot in a container: one process, for Home Assistant's Supervisor and for plain Docker.
#   docker build -t earshot . && docker run --network host -v earshot:/data earshot
FROM debian:trixie-slim AS python
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/log/*

# The packages are put together here, and nothing else of this stage is kept: no pip, no lists.
FROM python AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv
COPY requirements.txt requirements-cassandra.txt /tmp/
RUN python3 -m venv /tmp/pip \
 && python3 -m venv --without-pip /opt/venv \
 && /tmp/pip/bin/pip --python /opt/venv/bin/python install \
      --no-cache-dir --disable-pip-version-check --no-compile \
      --require-hashes --only-binary=:all: \
      -r /tmp/requirements.txt -r /tmp/requirements-cassandra.txt \
 && find /opt/venv -type d \( -name tests -o -name include \) -prune -exec rm -r {} + \
 && find /opt/venv -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.a' \) -delete \
 && /opt/venv/bin/python -m compileall -q /opt/venv

FROM python
RUN useradd --system --user-group --no-create-home --shell /usr/sbin/nologin earshot
COPY --from=packages /opt/venv /opt/venv
COPY config.json webrtc_server_relay.py audio_stream_server.py LICENSE /app/
COPY translations /app/translations
COPY www /app/www
COPY relay /app/relay
RUN /opt/venv/bin/python -m compileall -q /app

# There is no USER: options.json is readable for root alone. The program reads it as root and
# then goes on as this user; "root" here keeps it root. Nothing in /app can be changed by it.
ENV RELAY_USER=earshot PYTHONPATH=/app

# From here ./data, where data goes without a Supervisor, is /data as well.
WORKDIR /

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/venv/bin/python", "-m", "relay.health_check"]

ARG BUILD_VERSION=0.1.0
ARG BUILD_ARCH=amd64
LABEL io.hass.version="${BUILD_VERSION}" \
      io.hass.type="app" \
      io.hass.arch="${BUILD_ARCH}" \
      org.opencontainers.image.title="Earshot" \
      org.opencontainers.image.description="Any phone, tablet or PC becomes a live microphone for the whole house" \
      org.opencontainers.image.source="https://github.com/earshot-audio/earshot" \
      org.opencontainers.image.version="${BUILD_VERSION}" \
      org.opencontainers.image.licenses="MIT"

CMD ["/opt/venv/bin/python", "/app/webrtc_server_relay.py"]
