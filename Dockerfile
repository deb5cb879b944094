# distream in a container, as an ordinary user.
#
#   docker build -t distream .
#   docker run -p 8000:8000 distream                                      the demo
#   docker run -p 8000:8000 -v ./station:/distream distream               /distream/distream.yaml
#   docker run -p 8080:8080 -v ./conf:/distreamer/conf distream           DiStreamer's configuration file
#   docker run -p 8080:8080 -e DS_INPUT_MODE=... -e DS_OUTPUT_MODE=... distream

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
LABEL org.opencontainers.image.title="distream" \
      org.opencontainers.image.description="Live audio that survives the network" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    DISTREAM_STATE_DIR=/distream/.distream
WORKDIR /opt/distream
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/bin bin
COPY --from=build /build/assets assets
COPY contrib/docker/entrypoint.sh contrib/docker/health.sh /opt/distream/docker/
# Any user id works: `docker run --user`. Only /distream is written to.
RUN ln -s /opt/distream/bin/distream.js /usr/local/bin/distream \
    && ln -s /opt/distream/bin/distreamer.js /usr/local/bin/distreamer \
    && chmod 0755 bin/*.js docker/*.sh \
    && mkdir -p /distream /distreamer/conf \
    && chmod 1777 /distream
USER node
WORKDIR /distream
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["/opt/distream/docker/health.sh"]
ENTRYPOINT ["/opt/distream/docker/entrypoint.sh"]
