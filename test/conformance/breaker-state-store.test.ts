import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { fileStateStore } from "../../src/engine/breaker-states/file-state-store.ts";
import { memoryStateStore } from "../../src/engine/breaker-states/memory-state-store.ts";
import { redisStateStore } from "../../src/engine/breaker-states/redis-state-store.ts";
import { sqliteStateStore } from "../../src/engine/breaker-states/sqlite-state-store.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { startRedis } from "../integration/redis-server.ts";
import { breakerStateConformance, startWallMs } from "./breaker-state-store.ts";

const tools = { ...realTools, wallMs: () => startWallMs };

function folder(): { readonly path: string; [Symbol.asyncDispose](): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), "soulmirror-states-"));
  return {
    path,
    [Symbol.asyncDispose]() {
      rmSync(path, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

breakerStateConformance("memory", () => {
  const store = memoryStateStore(tools);
  return Promise.resolve({ open: () => store, [Symbol.asyncDispose]: () => Promise.resolve() });
});

breakerStateConformance("file", () => {
  const place = folder();
  const open = () => fileStateStore(join(place.path, "deep", "breakers.json"), tools);
  return Promise.resolve({ open, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() });
});

breakerStateConformance("SQLite", () => {
  const place = folder();
  const open = () => sqliteStateStore(join(place.path, "soulmirror.db"), tools);
  return Promise.resolve({ open, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() });
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
