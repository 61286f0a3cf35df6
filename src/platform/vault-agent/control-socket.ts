/**
 * How others speak with an agent: one line of JSON in, one line out, over a socket that only its
 * owner may open.
 *
 * S1. What the agent refuses, or cannot do, is an answer and ends nothing.
 * S2. Who asks may go before he is answered; what he asked for is done all the same.
 */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { messageOf } from "../../kernel/index.ts";
import { type ControlRequest, controlRequestOf } from "./control-request.ts";

type Answer = (request: ControlRequest) => Promise<unknown>;

const lineBytesMax = 64 * 1024;
const connectionsMax = 16;

/** Takes the place of a socket that somebody left behind: the caller knows that he is alone. */
export async function openControlSocket(path: string, answer: Answer): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    listen(socket, answer);
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

function listen(socket: Socket, answer: Answer): void {
  let text = "";
  socket.setEncoding("utf8");
  // S2.
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    text += piece;
    if (text.length > lineBytesMax) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    text = "";
    void reply(line, answer).then((said) => socket.end(`${JSON.stringify(said)}\n`));
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
