import { describe, expect, it } from "vitest";
import { isRemote } from "./remote.ts";

describe("what is asked over the network", () => {
  it.each([
    { kind: "http", parameters: { url: "https://shop.example/health" } },
    { kind: "http", parameters: { url: "http://user@10.0.0.7:80/" } },
    { kind: "tcp", parameters: { host: "db.example", port: 5432 } },
    { kind: "dns", parameters: { name: "shop.example" } },
    { kind: "dns", parameters: { name: "shop.example", server: "192.0.2.53" } },
    { kind: "prometheus", parameters: { url: "http://node.example:9100/metrics" } },
    { kind: "http", parameters: { url: "http://localhost.example/" } },
    { kind: "http", parameters: { url: "http://127.0.0.1.example/?to=@localhost" } },
    { kind: "tcp", parameters: { host: "2001:db8::1", port: 5432 } },
  ])("$kind $parameters", (ask) => {
    expect(isRemote(ask)).toBe(true);
  });

  it.each([
    { kind: "http", parameters: { path: "/health" } },
    { kind: "http", parameters: { url: "http://127.0.0.1:80/" } },
    { kind: "http", parameters: { url: "http://[::1]:80/" } },
    { kind: "work", parameters: { url: "/metrics" } },
    { kind: "http", parameters: { url: "http://user@api.localhost:80/" } },
    { kind: "tcp", parameters: { host: "::1", port: 5432 } },
    { kind: "tcp", parameters: { host: "localhost", port: 5432 } },
    { kind: "tcp", parameters: { port: 5432 } },
    { kind: "dns", parameters: { name: "shop.example", server: "127.0.0.1:5353" } },
    { kind: "command", parameters: { command: ["true"] } },
    { kind: "files", parameters: { path: "/srv/backup" } },
  ])("and what is not: $kind $parameters", (ask) => {
    expect(isRemote(ask)).toBe(false);
  });
});
