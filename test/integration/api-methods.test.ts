/** An address that is there, asked with a method that it has not. */
import { expect, test } from "vitest";
import { ApiBench, token } from "./api-bench.ts";

test.each([
  ["DELETE", "/api/v1/services", "GET, HEAD"],
  ["OPTIONS", "/api/v1/services/service-0?x=1", "GET, HEAD"],
  ["GET", "/api/v1/services/service-0/restart", "POST"],
  ["PUT", "/api/v1/mode", "GET, HEAD, POST"],
  ["PATCH", "/trpc/health", "GET, HEAD, POST"],
  ["POST", "/", "GET, HEAD"],
  ["HEAD", "/api/v1/events", "GET"],
])("%s %s is answered 405 with Allow: %s", async (method, path, allow) => {
  await using bench = await ApiBench.start();
  const { status, headers, text } = await bench.ask(path, { method, token });
  expect([status, headers["allow"]]).toEqual([405, allow]);
  if (method === "HEAD") return;
  expect(JSON.parse(text)).toMatchObject({ error: { code: "METHOD_NOT_ALLOWED" } });
});

test("an unknown address stays unknown with every method, and the gate comes first", async () => {
  await using bench = await ApiBench.start();
  for (const method of ["GET", "DELETE", "OPTIONS"]) {
    const { status, headers } = await bench.ask("/api/v1/nothing", { method });
    expect([method, status, headers["allow"]]).toEqual([method, 404, undefined]);
  }
  const headers = { origin: "http://rebound.example" };
  const answer = await bench.ask("/api/v1/services", { method: "DELETE", headers });
  expect(answer.status).toBe(403);
});
