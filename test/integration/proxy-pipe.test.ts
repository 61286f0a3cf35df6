/** Two joined sockets of the proxy, with the slow and the broken at either end. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { pipeBoth } from "../../src/platform/proxy/pipe-both.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";

/** A connection: the end that is joined, and the one that is somebody else's. */
async function connection({ allowHalfOpen = false } = {}): Promise<readonly [Socket, Socket]> {
  const server = createServer({ allowHalfOpen });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const outer = connect({ port, host: "127.0.0.1", allowHalfOpen });
  const [inner] = (await once(server, "connection")) as [Socket];
  server.close();
  for (const socket of [inner, outer]) {
    socket.on("error", () => {});
    afterwards(() => socket.destroy());
  }
  return [inner, outer];
}

/**
 * As a server's, the client's socket may stay half open. It reads nothing, and the last piece
 * waits for it in our own memory.
 */
async function joinedAndFull() {
  const [client, reader] = await connection({ allowHalfOpen: true });
  const [upstream, writer] = await connection();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  pipeBoth(client, upstream, resolve);
  const piece = Buffer.alloc(8 * 1024, 1);
  let sentBytes = 0;
  while (client.writableLength === 0) {
    writer.write(piece);
    sentBytes += piece.length;
    const hasAll = (): boolean => upstream.bytesRead >= sentBytes;
    await until(hasAll, { everyMs: 0, seen: () => [upstream.bytesRead, sentBytes] });
    await turn();
  }
  return { client, reader, upstream, writer, sentBytes, ended };
}

describe("two joined sockets", () => {
  test("a slow reader gets all that came before an end in order", async () => {
    const { reader, upstream, writer, sentBytes, ended } = await joinedAndFull();
    writer.end();
    await once(upstream, "close");
    await ended;
    let heardBytes = 0;
    for await (const chunk of reader as AsyncIterable<Buffer>) heardBytes += chunk.length;
    expect(heardBytes).toBe(sentBytes);
  });

  test("the other one is let go when it has all, though it never hangs up itself", async () => {
    const { client, reader, writer } = await joinedAndFull();
    writer.end();
    reader.resume();
    await until(() => client.destroyed);
  });

  test("one that breaks breaks the other", async () => {
    const { client, writer, ended } = await joinedAndFull();
    writer.resetAndDestroy();
    await ended;
    expect(client.destroyed).toBe(true);
  });
});
