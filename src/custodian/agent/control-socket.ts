/**
 * How others speak with an agent: one line of JSON in, one line out, over a socket that only its
 * owner may open.
 */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { messageOf } from "../../kernel/index.ts";

export type ControlRequest =
  | { readonly do: "status" | "backup" | "stop" }
  /** `path` is absolute; `forMs` as `--for` says it. */
  | { readonly do: "accept"; readonly path: string; readonly forMs?: number };

const lineBytesMax = 64 * 1024;
const connectionsMax = 16;

export async function openControlSocket(
  path: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => listen(socket, answer));
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
  return server;
}

function listen(socket: Socket, answer: (request: ControlRequest) => Promise<unknown>): void {
  let text = "";
  socket.setEncoding("utf8");
  // Who asks may go before he is answered.
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    text += piece;
    if (text.length > lineBytesMax) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    text = "";
    void reply(line, answer).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function reply(
  line: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<unknown> {
  try {
    const request = requestOf(JSON.parse(line));
    if (request === undefined) return { error: "no such request" };
    return { ok: (await answer(request)) ?? true };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function requestOf(value: unknown): ControlRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { do: what, forMs, path } = value as Record<string, unknown>;
  if (what === "status" || what === "backup" || what === "stop") return { do: what };
  if (what !== "accept" || typeof path !== "string" || !path.startsWith("/")) return undefined;
  if (forMs === undefined) return { do: what, path };
  return typeof forMs === "number" ? { do: what, path, forMs } : undefined;
}
