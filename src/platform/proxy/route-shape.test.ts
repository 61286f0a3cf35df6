import { expect, test } from "vitest";
import { parseRoute } from "./route-shape.ts";

const upstream = { id: "a", port: 4000, state: "join" };
const route = { service: "shop", port: 80, upstreams: [upstream], holdMs: 0, timeoutMs: 1 };

test("a route is taken as it is, with loopback as its host", () => {
  const added = { host: "127.0.0.1", repeats: true };
  expect(parseRoute({ ...route, stray: 1 })).toEqual({ ...route, ...added });
  expect(parseRoute({ ...route, repeats: false })).toMatchObject({ repeats: false });
  expect(parseRoute({ ...route, readyPath: "/r?x" })).toMatchObject({ readyPath: "/r?x" });
});

test.each([
  ["no object", 7, "a route is an object"],
  ["no service", { ...route, service: "" }, "service: "],
  ["a port out of range", { ...route, port: 65_536 }, "port: "],
  ["a time that no timer understands", { ...route, holdMs: 2 ** 31 }, "holdMs: "],
  ["no time at all", { ...route, timeoutMs: 0 }, "timeoutMs: "],
  ["a switch that is none", { ...route, repeats: "no" }, "repeats: "],
  ["an unknown state", { ...route, upstreams: [{ ...upstream, state: "on" }] }, "upstreams: each"],
  ["an id twice", { ...route, upstreams: [upstream, upstream] }, "upstreams: an id occurs twice"],
  ["a path with a line break", { ...route, readyPath: "/a\r\nX: 1" }, "readyPath: "],
])("%s is refused with its reason", (_, value, reason) => {
  expect(parseRoute(value)).toContain(reason);
});
