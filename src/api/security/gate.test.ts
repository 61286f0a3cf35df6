import { describe, expect, test } from "vitest";
import { createGate, type Gate, isLoopback } from "./gate.ts";

const token = "a-token-for-tests-0123456789";

function gateOn(host: string, otherHosts: readonly string[] = []): Gate {
  const clock = { now: () => ({ wallMs: 0, monotonicMs: 0 }) };
  return createGate({
    clock,
    token,
    host,
    port: () => 5050,
    otherHosts: () => otherHosts,
    serviceOf: (given) => (given === "shop.seal" ? "shop" : undefined),
  });
}

function visit(headers: Readonly<Record<string, string>>) {
  return { method: "GET", address: "192.0.2.7", headers };
}

describe("gate", () => {
  test("G3: beyond loopback everything needs the token", () => {
    const gate = gateOn("0.0.0.0", ["box.example"]);
    const stranger = gate.identify(visit({ host: "box.example:5050" }));
    for (const access of ["read", "report", "act", "sensitive"] as const) {
      expect(() => gate.permit(stranger, access)).toThrow("this needs the token");
    }
    const authorization = `Bearer ${token}`;
    const known = gate.identify(visit({ host: "box.example:5050", authorization }));
    expect(() => gate.permit(known, "act")).not.toThrow();
  });

  test("G4: the token of a service opens what engines are for, and nothing else", () => {
    const gate = gateOn("0.0.0.0");
    const headers = { host: "127.0.0.1:5050", authorization: "Bearer shop.seal" };
    const engine = gate.identify(visit(headers));
    expect([engine.service, engine.isTrusted]).toEqual(["shop", false]);
    expect(() => gate.permit(engine, "engine")).not.toThrow();
    for (const access of ["read", "report", "act", "sensitive"] as const) {
      expect(() => gate.permit(engine, access)).toThrow("this needs the token");
    }
    const other = { ...headers, authorization: "Bearer shop.other" };
    expect(() => gate.identify(visit(other))).toThrow("the token is wrong");
    const nobody = gate.identify(visit({ host: "127.0.0.1:5050" }));
    expect(() => gate.permit(nobody, "engine")).toThrow("this needs the token");
    const known = gate.identify(visit({ ...headers, authorization: `Bearer ${token}` }));
    expect(() => gate.permit(known, "engine")).not.toThrow();
  });

  test("G1: a name that was not configured is refused, whatever we listen on", () => {
    for (const host of ["0.0.0.0", "192.0.2.1", "127.0.0.1"]) {
      expect(() => gateOn(host).identify(visit({ host: "rebound.example:5050" }))).toThrow("Host");
      expect(() => gateOn(host).identify(visit({}))).toThrow("Host (none)");
    }
    expect(gateOn("192.0.2.1").identify(visit({ host: "192.0.2.1:5050" })).isTrusted).toBe(false);
    expect(gateOn("::1").identify(visit({ host: "[::1]:5050" })).isTrusted).toBe(false);
  });

  test("G1: the address that the connection came in at is ours, by its number", () => {
    const gate = gateOn("0.0.0.0");
    const at = (host: string, localAddress: string) =>
      gate.identify({ ...visit({ host, origin: `http://${host}` }), localAddress });
    expect(at("192.0.2.1:5050", "192.0.2.1").isTrusted).toBe(false);
    expect(at("192.0.2.1:5050", "::ffff:192.0.2.1").isTrusted).toBe(false);
    expect(at("[2001:db8::1]:5050", "2001:db8::1").isTrusted).toBe(false);
    expect(() => at("192.0.2.9:5050", "192.0.2.1")).toThrow("Host");
  });

  test("G1: a name that was configured is ours, with the port of the proxy before us or with ours", () => {
    const gate = gateOn("127.0.0.1", ["Shop.example", "[2001:db8::1]:8443"]);
    for (const host of ["shop.example", "SHOP.example:5050", "[2001:db8::1]:8443"]) {
      const headers = { host, origin: `https://${host}`, authorization: `Bearer ${token}` };
      expect(gate.identify(visit(headers)).isTrusted).toBe(true);
    }
    for (const host of [
      "shop.example:8443",
      "a.shop.example",
      "shop.example.evil",
      "[2001:db8::1]",
    ]) {
      expect(() => gate.identify(visit({ host }))).toThrow("Host");
      const origin = `https://${host}`;
      expect(() => gate.identify(visit({ host: "shop.example", origin }))).toThrow("Origin");
    }
  });

  test.each([
    [{ host: "localhost:5050" }, true],
    [{ host: "shop.example" }, false],
    [{ host: "localhost:5050", "x-forwarded-for": "192.0.2.7" }, false],
    [{ host: "localhost:5050", forwarded: "for=192.0.2.7" }, false],
  ])("G3: on loopback, reading is open to %j: %s", (headers, isOpen) => {
    const gate = gateOn("127.0.0.1", ["shop.example"]);
    const caller = gate.identify(visit(headers));
    if (isOpen) expect(() => gate.permit(caller, "read")).not.toThrow();
    else expect(() => gate.permit(caller, "read")).toThrow("this needs the token");
  });

  test.each([
    ["127.0.0.1", true],
    ["127.8.8.8", true],
    ["::1", true],
    ["localhost", true],
    ["0.0.0.0", false],
    ["::", false],
    ["127.0.0.1.example", false],
    ["192.168.0.1", false],
  ])("%s is loopback: %s", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
