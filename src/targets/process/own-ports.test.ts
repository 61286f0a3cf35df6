import { describe, expect, test } from "vitest";
import type { ProbeSpec, ServiceSpec } from "../../config/index.ts";
import { ownAddresses } from "./own-ports.ts";

const probe = (parameters: ProbeSpec["parameters"]): ProbeSpec => ({
  kind: "http",
  parameters,
  intervalMs: 1000,
  timeoutMs: 500,
  down: 2,
  of: 3,
  up: 2,
});

function addresses(changes: Partial<ServiceSpec>): readonly string[] {
  const spec = { env: {}, ...changes } as ServiceSpec;
  return ownAddresses(spec).map(({ host, port }) => `${host}:${port}`);
}

describe("the address of a service without `listen`", () => {
  test("is that of its loopback probes and of PORT, each once", () => {
    const liveness = probe({ url: "http://127.0.0.1:4102/health" });
    const readiness = probe({ url: "http://[::1]:4103/" });
    expect(addresses({ liveness, readiness, startup: liveness, env: { PORT: "4102" } })).toEqual([
      "127.0.0.1:4102",
      "::1:4103",
    ]);
    expect(addresses({ env: { PORT: "8080" } })).toEqual(["127.0.0.1:8080"]);
    expect(addresses({ liveness: probe({ host: "localhost", port: 6379 }) })).toEqual([
      "localhost:6379",
    ]);
    expect(addresses({ liveness: probe({ url: "http://localhost/" }) })).toEqual(["localhost:80"]);
  });

  test("is unknown where nothing tells it: elsewhere, no number, or owned by the proxy", () => {
    expect(addresses({ liveness: probe({ url: "http://example.org:80/" }) })).toEqual([]);
    expect(addresses({ env: { PORT: "/run/shop.sock" } })).toEqual([]);
    expect(addresses({ env: { PORT: "0" } })).toEqual([]);
    const listen = { host: "127.0.0.1", port: 4102 };
    expect(addresses({ listen, env: { PORT: "4102" } })).toEqual([]);
  });
});
