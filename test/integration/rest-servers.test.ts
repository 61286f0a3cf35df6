/** The location behind the REST protocol, against servers that are not ours. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { RestLocation } from "../../src/platform/locations/rest/index.ts";
import { afterwards } from "../afterwards.ts";
import { asListed, listed, never, sample } from "../conformance/location-scene.ts";

interface Listeners {
  readonly request?: RequestListener;
  /** For who waits before a body (`Expect: 100-continue`). */
  readonly waiting?: RequestListener;
}

async function locationAt({ request, waiting }: Listeners): Promise<RestLocation> {
  const server = createServer();
  if (request !== undefined) server.on("request", request);
  if (waiting !== undefined) server.on("checkContinue", waiting);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const location = new RestLocation({ address: { kind: "rest", url }, maxListBytes: 10_000 });
  afterwards(
    () => server.closeAllConnections(),
    () => server.close(),
    () => location[Symbol.asyncDispose](),
  );
  return location;
}

const large = sample("pack", 1, 3_000_000);

test("H4: a refusal is heard before a large body is sent", async () => {
  let receivedBytes = 0;
  const location = await locationAt({
    waiting(request, response) {
      request.on("data", (bytes: Buffer) => void (receivedBytes += bytes.length));
      response.writeHead(507).end("no room");
    },
  });
  const put = location.put(large.file, [large.bytes], never);
  await expect(put).rejects.toMatchObject({
    kind: "full",
    message: expect.stringContaining("no room") as string,
  });
  expect(receivedBytes).toBe(0);
});

test("H4: a server that never asks for the body gets it all the same", async () => {
  let receivedBytes = 0;
  const location = await locationAt({
    waiting(request, response) {
      request.on("data", (bytes: Buffer) => void (receivedBytes += bytes.length));
      request.on("end", () => void response.writeHead(200).end());
    },
  });
  await location.put(large.file, [large.bytes], never);
  expect(receivedBytes).toBe(large.bytes.length);
});

test("R4: sizes are asked for one by one where a server lists names only", async () => {
  const samples = [sample("lock", 1, 10), sample("lock", 2, 20)];
  const location = await locationAt({
    request(request, response) {
      const found = samples.find(({ file }) => request.url === `/locks/${file.id}`);
      const gone = "0".repeat(64);
      if (request.url === "/locks/") {
        response.end(JSON.stringify([...samples.map(({ file }) => file.id), gone, "README"]));
      } else if (found === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-length": found.bytes.length }).end();
    },
  });
  expect(await listed(location, "lock")).toEqual(asListed(samples));
});

test("lists that are none, or have no end, and ranges that are others are strange", async () => {
  const strange = { kind: "strange" };
  for (const body of [
    "<html>",
    "{}",
    "[1]",
    '[{"name":"a"}]',
    '["a"',
    `["${"a".repeat(10_000)}"]`,
  ]) {
    const location = await locationAt({ request: (_, response) => void response.end(body) });
    await expect(listed(location, "lock")).rejects.toMatchObject(strange);
  }
  const location = await locationAt({
    request(_, response) {
      response.writeHead(206, { "content-range": "bytes 5-9/10" }).end("56789");
    },
  });
  const asked = location.get(large.file, never, { offset: 0, length: 5 });
  await expect(asked).rejects.toMatchObject(strange);
});

test("a server that knows no ranges is one all the same", async () => {
  const location = await locationAt({ request: (_, response) => void response.end("0123456789") });
  const part = await location.get(large.file, never, { offset: 3, length: 4 });
  expect(Buffer.from(part).toString()).toBe("3456");
  const beyond = location.get(large.file, never, { offset: 8, length: 4 });
  await expect(beyond).rejects.toMatchObject({ kind: "short" });
});
