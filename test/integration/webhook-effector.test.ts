/** Webhooks as remedies, against real servers. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { createWebhookEffector } from "../../src/targets/http/effectors.ts";
import { afterwards } from "../afterwards.ts";
import { calm, commandOf, containing } from "../conformance/effector.ts";

const effector = createWebhookEffector();

interface Call {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers `/<status>` with that status and echoes what it got. */
async function startServer(): Promise<{ url: string; calls: Call[]; server: Server }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const { method, url = "", headers } = request;
    const answer = (body: string): void => {
      calls.push({ line: `${method} ${url}`, headers, body });
      const status = Number(/^\/(\d+)/.exec(url)?.[1] ?? 200);
      if (status >= 300 && status < 400) response.setHeader("location", "/200");
      response.statusCode = status;
      response.end(JSON.stringify({ url, headers, body }));
    };
    // A request that is cut off is answered by nobody.
    text(request).then(answer, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, server };
}

function run(phase: "precheck" | "act" | "undo", parameters: JsonRecord, undo?: JsonRecord) {
  const given = { timeoutMs: 20_000, ...parameters };
  const command = commandOf(effector, phase, { parameters: given, undo });
  return effector[phase]?.(command, calm());
}

describe("the call", () => {
  test("carries method, headers and body over a connection of its own; 2xx is done (W1)", async () => {
    const { url, calls } = await startServer();
    const headers = { authorization: "Bearer s3cr3t-t0ken", "content-type": "application/json" };
    const parameters = { url: `${url}/204/x?y=1`, method: "put", headers, body: '{"é":1}' };
    expect(await run("act", parameters)).toEqual({
      kind: "done",
      detail: `PUT ${url} answered 204`,
    });
    expect(calls[0]).toMatchObject({ line: "PUT /204/x?y=1", body: '{"é":1}', headers });
    expect(calls[0]?.headers).toMatchObject({ connection: "close", "content-length": "8" });
  });

  test("a redirect is not followed, other answers fail with what was said", async () => {
    const { url, calls } = await startServer();
    expect(await run("act", { url: `${url}/302` })).toMatchObject({
      kind: "failed",
      reason: containing("answered 302 (redirects are not followed)"),
    });
    expect(await run("act", { url: `${url}/503` })).toMatchObject({
      kind: "failed",
      reason: containing("answered 503: {"),
    });
    expect(calls).toHaveLength(2);
  });

  test("no secret of the call is reported, even when the server repeats all of them (W2)", async () => {
    const { url } = await startServer();
    const login = url.replace("//", "//user:p%40ssw0rd@");
    const parameters = {
      url: `${login}/500/T0000AAAA/hookhookhook?key=queryquery`,
      headers: { authorization: "Bearer headerheader", "x-key": "k3y" },
      body: "routing bodybodybody",
    };
    const result = await run("act", parameters);
    expect(result).toMatchObject({ kind: "failed" });
    const secrets =
      /headerheader|k3y|T0000AAAA|hookhookhook|queryquery|bodybodybody|p@ssw0rd|p%40|dXNlcjpwQHNzdzByZA/;
    expect(JSON.stringify(result)).not.toMatch(secrets);
    const refused = await run("act", {
      ...parameters,
      url: `http://127.0.0.1:${await freePort()}`,
    });
    expect(JSON.stringify(refused)).not.toMatch(secrets);
    expect(JSON.stringify(await run("precheck", parameters))).not.toMatch(secrets);
  });

  test("the excerpt of an answer is cut through no mask, and says that it was cut (W2)", async () => {
    const server = createServer((_request, response) => {
      response.statusCode = 500;
      response.end(`${"x".repeat(118)}s3cr3t-t0ken and more`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterwards(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { authorization: "Bearer s3cr3t-t0ken" };
    expect(await run("act", { url, headers })).toMatchObject({
      reason: `POST ${url} answered 500: ${"x".repeat(118)}***...`,
    });
  });

  test("an endless answer is read no further than its limit (W3)", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const server = createServer((_request, response) => {
      closed = new Promise((resolve) => response.on("close", resolve));
      const write = (): void => {
        while (response.writable && response.write("x".repeat(10_000)));
      };
      response.on("drain", write);
      write();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterwards(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await run("act", { url })).toMatchObject({ kind: "done" });
    await closed;
  });

  test("silence and cut connections are failures", async () => {
    const sockets = createSocketServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (data) => data.includes("/cut") && socket.destroy());
      afterwards(() => socket.destroy());
    });
    await new Promise<void>((resolve) => sockets.listen(0, "127.0.0.1", resolve));
    afterwards(() => sockets.close());
    const url = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
    expect(await run("act", { url, timeoutMs: 100 })).toMatchObject({
      kind: "failed",
      reason: containing("did not answer in time"),
    });
    expect(await run("act", { url: `${url}/cut` })).toMatchObject({ kind: "failed" });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await run("act", { url: nobody })).toMatchObject({
      kind: "failed",
      reason: containing("failed: nobody listens there"),
    });
  });
});

test("precheck and act refuse what is no call, and name no values", async () => {
  const odd: JsonRecord[] = [
    { url: "s3cr3t" },
    { url: "ftp://s3cr3t/" },
    { url: "file:///s3cr3t" },
    { url: "http://127.0.0.1/", undoUrl: "s3cr3t" },
    { url: "http://127.0.0.1/", method: "GET /s3cr3t" },
    { url: "http://127.0.0.1/", headers: { "x-a": "s3cr3t\r\nx-b: 1" } },
    { url: "http://127.0.0.1/", headers: { "x a": "s3cr3t" } },
  ];
  for (const parameters of odd) {
    for (const phase of ["precheck", "act"] as const) {
      const result = await run(phase, parameters);
      expect(result).toMatchObject({ kind: "refused" });
      expect(JSON.stringify(result)).not.toContain("s3cr3t");
    }
  }
});

test("undo calls the other address in the same way (W4)", async () => {
  const { url, calls } = await startServer();
  const parameters = { url: `${url}/on`, undoUrl: `${url}/off`, method: "PATCH", body: "x" };
  const done = await run("act", parameters);
  const undo = done?.kind === "done" ? done.undo : undefined;
  expect(undo).toEqual({ called: true });
  expect(await run("undo", parameters, undo)).toMatchObject({ kind: "done" });
  expect(calls.map((call) => call.line)).toEqual(["PATCH /on", "PATCH /off"]);
  expect(calls.map((call) => call.body)).toEqual(["x", "x"]);
  expect(await run("act", { url: `${url}/on` })).not.toHaveProperty("undo");
});
