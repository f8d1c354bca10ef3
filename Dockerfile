# Countersign as it serves: no build step, no compiler, no dev dependencies, an ordinary user.
#
#   docker run --read-only --tmpfs /tmp -v countersign:/app/data -p 3000:3000 --env-file countersign.env IMAGE
#
# It needs DATABASE_URL, COUNTERSIGN_LEDGER_KEY, COUNTERSIGN_LEDGER_ORIGIN and the App's credentials: PostgreSQL is not in
# the image, and the set-up page is shown on loopback only, so create the App with `npm start` on some other machine first.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without what compiles (ssh2's optional cpu-features) and without the embedded PostgreSQL.
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
LABEL org.opencontainers.image.title="Countersign" \
      org.opencontainers.image.description="Change management for GitHub, from pull request to server, that proves itself." \
      org.opencontainers.image.licenses="Apache-2.0"
# git, because what is deployed is what git has; ssh, by which git reaches a witness; certificates, because it fetches over HTTPS.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json app.yml LICENSE ./
COPY migrations migrations
COPY src src
# Mirrors of repositories; nothing that can't be fetched again. The rest of the file system may be read-only.
RUN install -d -o node -g node -m 0700 data
VOLUME /app/data
ENV NODE_ENV=production HOME=/app/data HOST=0.0.0.0 PORT=3000
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No init in between: the program handles SIGTERM itself and drains.
# A small nursery: what deployments send lies outside the heap until the nursery is cleared, so that it is cleared often (docs/deploy.md).
ENTRYPOINT ["node", "--max-semi-space-size=2", "src/main.ts"]
CMD ["start"]
