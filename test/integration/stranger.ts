/** Somebody else, who listens on a port that one of ours wants. */
import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "../../bench/rig/free-ports.ts";

export class Stranger implements Disposable {
  readonly port: number;
  readonly #server = createServer();

  private constructor(port: number) {
    this.port = port;
  }

  static async at(port?: number): Promise<Stranger> {
    const stranger = new Stranger(port ?? (await freePort()));
    stranger.#server.listen(stranger.port, "127.0.0.1");
    await once(stranger.#server, "listening");
    return stranger;
  }

  leave(): void {
    this.#server.close();
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}
