/**
 * A network path to a server that is long, stalls, ends in the middle, or leads nowhere: what
 * happens to it happens to the connections that are open as well.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

const host = "127.0.0.1";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Since the last change of the path. */
  passedBytes: number;
}

export class RoughPath implements AsyncDisposable {
  /** There and back: each way takes half of it. */
  roundTripMs = 0;
  /** Connections that ended by `cutAfter`. */
  cuts = 0;
  readonly #serverPort: number;
  readonly #pairs = new Set<Pair>();
  readonly #listener = createServer((client) => this.#accept(client));
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #isStalled = false;
  #isDown = false;

  private constructor(serverPort: number) {
    this.#serverPort = serverPort;
  }

  static async to(serverPort: number): Promise<RoughPath> {
    const path = new RoughPath(serverPort);
    path.#listener.listen(0, host);
    await once(path.#listener, "listening");
    return path;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Each connection, after so many more bytes in both directions together. */
  cutAfter(sizeBytes: number): void {
    for (const pair of this.#pairs) pair.passedBytes = 0;
    this.#cutAfterBytes = sizeBytes;
  }

  stall(): void {
    this.#isStalled = true;
    for (const { client, server } of this.#pairs) for (const each of [client, server]) each.pause();
  }

  /** All connections of now are cut, and each later one at once. */
  goDown(): void {
    this.#isDown = true;
    this.cutAll();
  }

  cutAll(): void {
    for (const pair of this.#pairs) this.#cut(pair);
  }

  /** As it was at first, but for its length. */
  mend(): void {
    this.#cutAfterBytes = Number.POSITIVE_INFINITY;
    this.#isStalled = false;
    this.#isDown = false;
    for (const { client, server } of this.#pairs)
      for (const each of [client, server]) each.resume();
  }

  /**
   * The same, and what was under way in a stall never arrives: connections that were not accepted
   * yet are taken in their order, so all of them have been cut when a last one is.
   */
  async mendAnew(): Promise<void> {
    this.goDown();
    const last = connect(this.port, host).on("error", () => undefined);
    await once(last, "close");
    this.mend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(client: Socket): void {
    client.on("error", () => undefined);
    if (this.#isDown) {
      client.destroy();
      return;
    }
    const server = connect(this.#serverPort, host).on("error", () => undefined);
    const pair: Pair = { client, server, passedBytes: 0 };
    this.#pairs.add(pair);
    this.#lead(pair, client, server);
    this.#lead(pair, server, client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      if (this.#isStalled) socket.pause();
    }
  }

  #lead(pair: Pair, from: Socket, to: Socket): void {
    from.on("data", (bytes) => {
      pair.passedBytes += bytes.length;
      if (pair.passedBytes > this.#cutAfterBytes) {
        this.cuts += 1;
        this.#cut(pair);
      } else this.#late(() => void (to.writable && to.write(bytes)));
    });
    from.on("close", () => this.#late(() => this.#cut(pair)));
  }

  /** Timers of one length fire in their order. */
  #late(run: () => void): void {
    if (this.roundTripMs === 0) run();
    else setTimeout(run, this.roundTripMs / 2);
  }

  #cut(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
