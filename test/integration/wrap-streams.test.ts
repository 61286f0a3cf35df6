/** Streams of real connections behind `engine.wrap`: who may be quiet, and who may not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as listen, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";

const timeoutMs = 500;
const engine = createEngine({ mode: "full", timeout: timeoutMs, autoRetry: false });
const opened = new Set<Socket>();
let server: Server;
let port: number;
/** Takes what it is sent, and says nothing. */
const mute = listen({ allowHalfOpen: true }, (socket) => {
  opened.add(socket);
  socket.on("error", () => {}).resume();
});

beforeAll(async () => {
  // One chunk, and then nothing for ever.
  server = createServer((_, answer) => answer.write("begun"));
  server.on("connection", (socket) => opened.add(socket));
  server.on("upgrade", (_, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n",
    );
    socket.on("data", (chunk) => socket.write(chunk));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  mute.listen(0, "127.0.0.1");
  await once(mute, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  for (const socket of opened) socket.destroy();
  server.close();
  mute.close();
  await engine.close();
});

const network = engine.wrap("network", {
  async connect(): Promise<Socket> {
    const socket = connect((mute.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  },
  async upgrade(): Promise<Socket> {
    const headers = { connection: "upgrade", upgrade: "echo" };
    const asking = request({ port, host: "127.0.0.1", headers }).end();
    const [, socket] = (await once(asking, "upgrade")) as [IncomingMessage, Socket];
    return socket;
  },
  async download(): Promise<IncomingMessage> {
    const [answer] = (await once(get({ port, host: "127.0.0.1" }), "response")) as [
      IncomingMessage,
    ];
    return answer;
  },
});

test("an upgraded connection that is quiet for long lives, answers, and succeeds at its end", async () => {
  const socket = await network.upgrade();
  socket.resume();
  await pause(timeoutMs * 3);
  const answer = once(socket, "data");
  socket.write("still there?");
  expect(String((await answer)[0])).toBe("still there?");
  expect(engine.operation("network.upgrade")).toMatchObject({ failed: 0, inFlight: 1 });
  socket.destroy();
  expect(engine.operation("network.upgrade")).toMatchObject({ succeeded: 1, inFlight: 0 });
});

test("a socket may be quiet until its last word is said, and is then waited for in time", async () => {
  const socket = await network.connect();
  socket.resume();
  await pause(timeoutMs * 3);
  expect(socket.destroyed).toBe(false);
  const failed = once(socket, "error");
  socket.end("that is all");
  expect((await failed)[0]).toMatchObject({ code: "CALL_TIMEOUT" });
  expect(engine.operation("network.connect")).toMatchObject({ failed: 1, inFlight: 0 });
});

test("a download whose next chunk does not come is cut", async () => {
  const answer = await network.download();
  const seen: string[] = [];
  await expect(async () => {
    for await (const chunk of answer) seen.push(String(chunk));
  }).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
  expect(seen).toEqual(["begun"]);
  expect(engine.operation("network.download")).toMatchObject({ failed: 1, inFlight: 0 });
});

test("what a process says comes by a socket, too: it may be quiet", async () => {
  const child = spawn("sleep", ["60"], { stdio: ["ignore", "pipe", "ignore"] });
  const output = engine.wrap("child", { output: () => child.stdout }).output();
  output.resume();
  await pause(timeoutMs * 3);
  expect(output.destroyed).toBe(false);
  const ended = once(output, "end");
  child.kill();
  await ended;
  expect(engine.operation("child.output")).toMatchObject({ succeeded: 1, inFlight: 0 });
});
