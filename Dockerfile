# Reads forms in a container:
#   docker build . -t hcr-batch
#   docker run -v "$PWD:/data" hcr-batch scan forms --out results.csv

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY configs configs
COPY models models
COPY hcr_batch hcr_batch
RUN python -m venv /opt/hcr \
    && /opt/hcr/bin/pip install --no-cache-dir . \
    && /opt/hcr/bin/pip uninstall --yes pip

FROM python:3.13-slim-bookworm
COPY --from=build /opt/hcr /opt/hcr
# What is written belongs to a user who may do nothing else; `docker run -u` gives another.
RUN useradd --create-home --uid 1000 reader && mkdir /data && chown reader /data
ENV PATH="/opt/hcr/bin:$PATH" PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
ENTRYPOINT ["hcr-batch"]
CMD ["--help"]
