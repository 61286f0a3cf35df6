import { join } from "node:path";
import { Redis } from "ioredis";
import { fileStateStore } from "../../src/engine/breaker-states/file-state-store.ts";
import { memoryStateStore } from "../../src/engine/breaker-states/memory-state-store.ts";
import { redisStateStore } from "../../src/engine/breaker-states/redis-state-store.ts";
import { sqliteStateStore } from "../../src/engine/breaker-states/sqlite-state-store.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { temporaryFolder } from "../afterwards.ts";
import { startRedis } from "../integration/redis-server.ts";
import { breakerStateConformance, startWallMs } from "./breaker-state-store.ts";

const nothingElse = { [Symbol.asyncDispose]: () => Promise.resolve() };
const tools = { ...realTools, wallMs: () => startWallMs };

breakerStateConformance("memory", () => {
  const store = memoryStateStore(tools);
  return Promise.resolve({ open: () => store, ...nothingElse });
});

breakerStateConformance("file", () => {
  const folder = temporaryFolder("states");
  const open = () => fileStateStore(join(folder, "deep", "breakers.json"), tools);
  return Promise.resolve({ open, ...nothingElse });
});

breakerStateConformance("SQLite", () => {
  const folder = temporaryFolder("states");
  const open = () => sqliteStateStore(join(folder, "soulmirror.db"), tools);
  return Promise.resolve({ open, ...nothingElse });
});

breakerStateConformance("Redis", async () => {
  const server = await startRedis();
  const clients: Redis[] = [];
  return {
    open() {
      const client = new Redis(server.port, server.host);
      clients.push(client);
      return redisStateStore(client, tools);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
});
