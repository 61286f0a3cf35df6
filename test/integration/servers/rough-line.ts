/**
 * A network path to a server that can be down, cut connections in the middle, say nothing any more,
 * or be far away. The server itself learns nothing of it.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * `down`: connections are refused, those that are open are reset. `cut`: each connection is reset
 * after so many bytes, counted from now on. `stalled`: connections are open, and nothing comes
 * through.
 */
export type Mood = "well" | "down" | "cut" | "stalled";

export interface RoughLine extends AsyncDisposable {
  readonly port: number;
  /** How long bytes are under way, in each direction. */
  delayMs: number;
  be(mood: Mood): Promise<void>;
}

export interface RoughLineOptions {
  readonly cutAfterBytes?: number;
}

interface Pair {
  readonly sockets: readonly Socket[];
  passedBytes: number;
}

export async function startRoughLine(
  serverPort: number,
  { cutAfterBytes = 100_000 }: RoughLineOptions = {},
): Promise<RoughLine> {
  const pairs = new Set<Pair>();
  let mood: Mood = "well";
  const listener = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    const pair: Pair = { sockets: [client, server], passedBytes: 0 };
    pairs.add(pair);
    pass(client, server, pair);
    pass(server, client, pair);
  });
  const line: RoughLine = {
    port: await listening(listener, 0),
    delayMs: 0,
    async be(next) {
      const before = mood;
      mood = next;
      for (const pair of pairs) {
        pair.passedBytes = 0;
        if (next === "down" || before === "stalled") cut(pair);
        if (next === "stalled") for (const socket of pair.sockets) socket.pause();
      }
      // Whoever connected in a stall and was not accepted yet must not get through afterwards.
      const isReset = next === "down" || before === "stalled";
      if (isReset && listener.listening) await closed(listener);
      if (next !== "down" && !listener.listening) await listening(listener, line.port);
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) cut(pair);
      if (listener.listening) await closed(listener);
    },
  };
  return line;

  function pass(from: Socket, to: Socket, pair: Pair): void {
    from.setNoDelay(true);
    if (mood === "stalled") from.pause();
    from.on("data", (bytes) => {
      if (mood === "stalled") return;
      pair.passedBytes += bytes.length;
      if (mood === "cut" && pair.passedBytes > cutAfterBytes) {
        cut(pair);
        return;
      }
      later(() => {
        if (to.destroyed || to.write(bytes)) return;
        from.pause();
        to.once("drain", () => void (mood !== "stalled" && from.resume()));
      });
    });
    from.on("end", () => later(() => to.end()));
    from.on("error", () => cut(pair));
    from.on("close", () => later(() => cut(pair)));
  }

  function later(act: () => void): void {
    if (line.delayMs === 0) act();
    else setTimeout(act, line.delayMs);
  }

  function cut(pair: Pair): void {
    pairs.delete(pair);
    for (const socket of pair.sockets) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

async function listening(listener: Server, port: number): Promise<number> {
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return (listener.address() as AddressInfo).port;
}

async function closed(listener: Server): Promise<void> {
  const gone = once(listener, "close");
  listener.close();
  await gone;
}
