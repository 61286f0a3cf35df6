import { expect, it } from "vitest";
import { Service } from "./service.ts";
import { Visit } from "./visit.ts";

it("a request whose time is over is asked of nobody, the first time as well", () => {
  const upstreams = [{ id: "a", port: 1, state: "serve" as const }];
  const times = { holdMs: 1000, timeoutMs: 0, repeats: true };
  const route = { service: "shop", host: "127.0.0.1", port: 1, upstreams, ...times };
  const service = new Service(route, { write: () => undefined });
  expect(new Visit(service, true).next()).toMatchObject({ kind: "refuse", status: 504 });
  expect(service.counters.failures).toBe(1);
});
