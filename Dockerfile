# The gateway. Build: docker compose build gateway
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Not `npm ci`: docs/adr/0010-npm-install.md
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm run viewer

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --omit=dev --no-save --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY LICENSE ./
COPY db ./db
COPY --from=build /app/dist ./dist
COPY --from=build /app/var/viewer ./var/viewer
# A volume takes over who owns the folder it is mounted on.
RUN install -d -o node -g node -m 700 /derived
USER node
EXPOSE 8080
CMD ["node", "--enable-source-maps", "dist/main.js"]
