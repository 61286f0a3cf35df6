/**
 * A network path that can die in silence: connections through it stay open on the client's side and
 * nothing arrives any more, while the server has lost them. Later connections go through.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

export interface DumbProxy extends AsyncDisposable {
  readonly port: number;
  /** All connections of now are dead, without anybody telling the client. */
  goDumb(): void;
  /** Later connections go to another server. */
  leadTo(port: number): void;
}

export async function startDumbProxy(serverPort: number): Promise<DumbProxy> {
  let port = serverPort;
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  const listener = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    client.on("data", (bytes) => void (server.writable && server.write(bytes)));
    server.on("data", (bytes) => void client.write(bytes));
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.on("close", () => server.destroy());
    // Not when it has gone dumb: then the client learns of nothing.
    server.on("close", () => void (pairs.has(pair) && client.destroy()));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const clients = new Set<Socket>();
  listener.on("connection", (client: Socket) => clients.add(client));
  return {
    port: (listener.address() as AddressInfo).port,
    goDumb: () => {
      const dead = Array.from(pairs);
      pairs.clear();
      for (const { server } of dead) server.destroy();
    },
    leadTo: (other) => {
      port = other;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
