# The standalone server. Build it from a checkout: docker build -t agent-webkit .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY page ./page
# Without development dependencies, npm keeps the peers in their locked versions: Nest, the agent's SDK, and pg once it
# is not optional.
RUN npm run build \
  && npm pkg delete devDependencies peerDependenciesMeta.pg \
  && npm prune --no-audit --no-fund

FROM node:24-bookworm-slim
# The agents' sandbox needs bubblewrap, and socat for permitted hosts. docs/deployment.md has the flags of docker run for it.
# The agents search with ripgrep. tini reaps the processes of tools.
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ca-certificates git ripgrep socat tini \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir /data /workspace \
  && chown node:node /data /workspace
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=3000 \
  AGENT_WEBKIT_STORAGE=file:/data/sessions.db \
  AGENT_WEBKIT_WORKSPACE=/workspace
USER node
VOLUME ["/data", "/workspace"]
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "dist/main.js"]
