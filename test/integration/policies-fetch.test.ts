/** The policies around real requests: bodies, sockets and signals of the platform. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bulkhead, hedge, pipeline, retry, timeout } from "../../src/engine/index.ts";

let url = "";
/** Answers in flight, and how many of them their callers have cut off. */
const seen = { begun: 0, cut: 0 };
const cutOff = new Set<() => void>();

function answer(incoming: IncomingMessage, response: ServerResponse): void {
  seen.begun += 1;
  response.on("close", () => {
    if (response.writableFinished) return;
    seen.cut += 1;
    for (const tell of cutOff) tell();
  });
  if (incoming.url === "/slow-body") {
    response.write("first ");
    setTimeout(() => response.end("last"), 300);
  } else if (incoming.url === "/second-is-quick") {
    if (seen.begun > 1) response.end("quick");
  } else if (incoming.url === "/endless") {
    response.write("first ");
  }
}

const server = createServer(answer);

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function aCut(): Promise<void> {
  return new Promise((resolve) => {
    const tell = (): void => {
      cutOff.delete(tell);
      resolve();
    };
    cutOff.add(tell);
  });
}

// cockatiel 4: the signal is aborted after success, and the body that is still streaming dies.
it("a body may take longer than the timeout of its answer", async () => {
  const policy = pipeline([retry(), timeout(200), bulkhead()]);
  const response = await policy.execute(({ signal }) => fetch(`${url}/slow-body`, { signal }));
  expect(await response.text()).toBe("first last");
});

it("a caller who gives up cuts off a body that is still being read", async () => {
  const caller = new AbortController();
  const call = { signal: caller.signal };
  const policy = pipeline([retry(), timeout("10s")]);
  const response = await policy.execute(({ signal }) => fetch(`${url}/endless`, { signal }), call);
  const cut = aCut();
  const text = response.text();
  caller.abort(new Error("enough"));
  await expect(text).rejects.toThrow("enough");
  await cut;
});

it("a timeout ends the request itself, with the timeout's own error", async () => {
  const cut = aCut();
  const request = timeout(50).execute(async ({ signal }) =>
    (await fetch(`${url}/endless`, { signal })).text(),
  );
  await expect(request).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
  await cut;
});

it("a hedge cuts off the request that was slower, and reads the other to its end", async () => {
  seen.begun = 0;
  const cut = aCut();
  const policy = hedge({ delayMs: 30, idempotent: true });
  const response = await policy.execute(({ signal }) =>
    fetch(`${url}/second-is-quick`, { signal }),
  );
  expect(await response.text()).toBe("quick");
  await cut;
  expect(seen.begun).toBe(2);
});
