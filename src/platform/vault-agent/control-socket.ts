/**
 * How others speak with an agent: one line of JSON in, one line out, over a socket that only its
 * owner may open.
 *
 * S1. What the agent refuses, or cannot do, is an answer and ends nothing.
 * S2. Who asks may go before he is answered; what he asked for is done all the same.
 * S3. Who connects and does not ask, or does not go when he is answered, is cut off after a while:
 *     so nobody keeps the others out.
 */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { messageOf } from "../../kernel/index.ts";
import { type ControlRequest, controlRequestOf } from "./control-request.ts";

type Answer = (request: ControlRequest) => Promise<unknown>;

const lineBytesMax = 64 * 1024;
const connectionsMax = 16;
const idleMaxMs = 10_000;

export interface ControlSocketOptions {
  /** S3. Default 10 s. */
  readonly idleMs?: number;
}

/** Takes the place of a socket that somebody left behind: the caller knows that he is alone. */
export async function openControlSocket(
  path: string,
  answer: Answer,
  { idleMs = idleMaxMs }: ControlSocketOptions = {},
): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    listen(socket, { answer, idleMs });
  });
  server.maxConnections = connectionsMax;
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function listen(
  socket: Socket,
  { answer, idleMs }: { readonly answer: Answer; readonly idleMs: number },
): void {
  let text = "";
  // Not that of the socket: a byte now and then is no request.
  let limit = setTimeout(() => socket.destroy(), idleMs);
  socket.on("close", () => clearTimeout(limit));
  socket.setEncoding("utf8");
  const serve = async (line: string): Promise<void> => {
    const said = await reply(line, answer);
    socket.end(`${JSON.stringify(said)}\n`);
    if (!socket.destroyed) limit = setTimeout(() => socket.destroy(), idleMs);
  };
  // S2.
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    text += piece;
    if (text.length > lineBytesMax) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    text = "";
    clearTimeout(limit);
    void serve(line);
  });
}

/** S1. */
async function reply(line: string, answer: Answer): Promise<unknown> {
  try {
    const request = controlRequestOf(JSON.parse(line));
    if (request === undefined) return { error: "no such request" };
    return { ok: (await answer(request)) ?? true };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
