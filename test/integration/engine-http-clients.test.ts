import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { watchHttpClients } from "../../src/engine/integrations/http-clients.ts";
import { runWithRequestIds } from "../../src/engine/request-ids.ts";
import { until } from "../until.ts";
import { RecordingEngine } from "./recording-engine.ts";

const server = createServer((asked, answer) => {
  if (asked.url === "/cut") {
    answer.writeHead(200, { "content-length": 100 });
    answer.write("x", () => setTimeout(() => answer.destroy(), 10));
  } else if (asked.url === "/begun") {
    answer.write("begin");
  } else if (asked.url === "/busy") {
    answer.writeHead(429, { "retry-after": "7" }).end("later");
  } else if (asked.url !== "/hang") {
    answer.statusCode = Number(asked.url?.slice(1)) || 200;
    answer.end("ok");
  }
});
let url = "";
let host = "";
let engine: RecordingEngine;
let stop: () => void;

beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `http://${host}`;
  engine = new RecordingEngine();
  stop = watchHttpClients(engine);
});

afterEach(async () => {
  stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function only() {
  const calls = await engine.ended(1);
  expect(calls).toHaveLength(1);
  return calls[0];
}

/** The body as node:http gives it, or the error. */
function nodeGet(path: string, options: { signal?: AbortSignal } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, options, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += String(part)));
      answer.on("error", reject);
      answer.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

const clients = {
  fetch: async (path: string, options: { signal?: AbortSignal } = {}) =>
    (await fetch(`${url}${path}`, options)).text(),
  "node:http": nodeGet,
};

describe.each(Object.entries(clients))("%s", (_name, ask) => {
  test("a call is http <host> <METHOD>, without its path", async () => {
    expect(await ask("/users/7?q=secret")).toBe("ok");
    expect(await only()).toMatchObject({ operation: `http ${host} GET`, outcome: "succeeded" });
  });

  test("an answer that is an error is told by its status and when to come back", async () => {
    expect(await ask("/busy")).toBe("later");
    const call = await only();
    expect(call?.error).toMatchObject({ name: "HttpAnswerError", status: 429, retryAfterMs: 7000 });
  });

  test.each([400, 404, 500, 503])("%d is told by its status", async (status) => {
    expect(await ask(`/${status}`)).toBe("ok");
    expect((await only())?.error).toMatchObject({ status });
  });

  test("a body that breaks off failed", async () => {
    await expect(ask("/cut")).rejects.toThrow(/terminated|aborted/);
    const call = await only();
    expect(call?.outcome).toBe("failed");
    expect(call?.error).not.toMatchObject({ name: "AbortError" });
  });

  test("a call that its caller leaves is cancelled", async () => {
    const leave = new AbortController();
    const asked = ask("/hang", { signal: leave.signal });
    await until(() => engine.calls.length > 0);
    leave.abort();
    await expect(asked).rejects.toThrow("aborted");
    expect((await only())?.error).toMatchObject({ name: "AbortError" });
  });

  test("a body that its caller leaves is cancelled", async () => {
    const leave = new AbortController();
    const asked = ask("/begun", { signal: leave.signal });
    asked.catch(() => undefined);
    await until(() => engine.calls.length > 0);
    // The head must have come in: nothing tells it from outside but the time it takes.
    await new Promise((resolve) => setTimeout(resolve, 100));
    leave.abort();
    await expect(asked).rejects.toThrow("aborted");
    expect((await only())?.error).toMatchObject({ name: "AbortError" });
  });

  test("a failure names who asked, where ids are carried", async () => {
    await runWithRequestIds({ requestId: "r1" }, () => ask("/500"));
    expect((await only())?.ids).toEqual({ requestId: "r1" });
  });
});

test("a server that refuses: the error itself", async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  await expect(nodeGet("/")).rejects.toThrow("ECONNREFUSED");
  const calls = await engine.ended(2);
  expect(calls.map((call) => (call.error as { code?: string }).code)).toEqual([
    "ECONNREFUSED",
    "ECONNREFUSED",
  ]);
  server.listen(0, "127.0.0.1");
});

test("a call that is in flight is known as such until the last byte of its answer", async () => {
  const response = await fetch(`${url}/begun`);
  const reader = response.body?.getReader();
  await reader?.read();
  expect(engine.calls[0]?.outcome).toBe("in flight");
  await reader?.cancel();
  expect((await only())?.outcome).toBe("failed");
});

test("the answer flows as without us: nothing is read that nobody asked for", async () => {
  const asked = request(`${url}/200`);
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answer.readableFlowing).toBeNull();
  expect(engine.calls[0]?.outcome).toBe("in flight");
  answer.resume();
  await only();
});

test("a request for an upgrade is not measured, whether it is granted or not", async () => {
  server.once("upgrade", (_asked, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
  });
  const headers = { connection: "Upgrade", upgrade: "chat" };
  const asked = request(url, { headers });
  asked.end();
  const [, socket] = (await once(asked, "upgrade")) as [IncomingMessage, Socket];
  socket.destroy();
  server.removeAllListeners("upgrade");
  const refused = request(`${url}/403`, { headers });
  refused.end();
  const [answer] = (await once(refused, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  expect(await nodeGet("/")).toBe("ok");
  await only();
  expect(engine.calls).toHaveLength(1);
});

test("hosts can be left out, and there is a limit on names", async () => {
  stop();
  stop = watchHttpClients(engine, { ignore: (each) => each === host });
  await fetch(url);
  expect(engine.calls).toEqual([]);
  stop();
  stop = watchHttpClients(engine, { operationsMax: 1 });
  await (await fetch(url)).text();
  await (await fetch(url, { method: "POST" })).text();
  expect(engine.names).toEqual([`http ${host} GET`, "http other"]);
});

test("H3: an engine that throws harms no call", async () => {
  stop();
  stop = watchHttpClients({
    meter() {
      throw new Error("broken engine");
    },
  });
  expect(await (await fetch(url)).text()).toBe("ok");
  expect(await nodeGet("/")).toBe("ok");
});

test("H4: after stop nothing is subscribed, and others' subscriptions stay", async () => {
  const names = ["undici:request:create", "undici:request:error", "http.client.request.start"];
  let heard = 0;
  const other = (): void => void (heard += 1);
  channel(names[2] as string).subscribe(other);
  expect(names.map((name) => channel(name).hasSubscribers)).toEqual([true, true, true]);
  stop();
  stop();
  expect(names.map((name) => channel(name).hasSubscribers)).toEqual([false, false, true]);
  await fetch(url);
  await nodeGet("/");
  channel(names[2] as string).unsubscribe(other);
  expect(heard).toBe(1);
  expect(engine.calls).toEqual([]);
});
