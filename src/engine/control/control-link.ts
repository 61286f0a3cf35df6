/**
 * The connection to the daemon: one that is kept open and listened to, and short requests back.
 *
 * L1. It is never in the way: no call waits for it, and it keeps no process alive.
 * L2. When it breaks, is refused, or is silent for `silentMs`, it is made again after a growing,
 *     jittered delay, at most `delayMaxMs`. Only one that has held for `steadyMs` begins anew with
 *     a short one: who accepts and drops at once is away.
 * L3. The token goes to the endpoint only; no redirect is followed.
 */
import type {
  ClientRequest,
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestOptions,
} from "node:http";
import { type CancelTimer, jittered, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { version } from "../../system/index.ts";
import { messageCharactersMax } from "./control-message.ts";
import { EventReader } from "./event-reader.ts";

export interface ControlLinkOptions {
  readonly endpoint: URL;
  readonly token: string;
  readonly instance: string;
  readonly tools: Tools;
  /** One message. */
  readonly onMessage: (text: string) => void;
  readonly onOpen: () => void;
  /** It is broken, and why; `isFirst`: until then it was steady, or never tried. */
  readonly onBroken: (reason: string, isFirst: boolean) => void;
  readonly firstDelayMs?: number;
  readonly delayMaxMs?: number;
  readonly silentMs?: number;
  readonly steadyMs?: number;
}

const path = "/api/v1/engine/control";
const answerMs = 10_000;

export class ControlLink {
  readonly #options: Required<ControlLinkOptions>;
  #request: ClientRequest | undefined;
  #cancelRetry: CancelTimer | undefined;
  #cancelSilence: CancelTimer | undefined;
  #failures = 0;
  #openedMs = 0;
  #isOpen = false;
  #isClosed = false;

  constructor(options: ControlLinkOptions) {
    const usual = { firstDelayMs: 500, delayMaxMs: 30_000, silentMs: 45_000, steadyMs: 10_000 };
    this.#options = { ...usual, ...options };
    void this.#connect();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Rejects when the daemon has not taken it. */
  async tell(body: object): Promise<void> {
    const content = Buffer.from(JSON.stringify(body));
    const headers = { "content-type": "application/json", "content-length": content.length };
    const outgoing = await this.#ask({ method: "POST", timeout: answerMs }, headers);
    const status = await new Promise<number>((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("timeout", () => outgoing.destroy(new Error("no answer")));
      outgoing.once("response", (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      });
      outgoing.end(content);
    });
    if (status !== 200) throw new Error(`it answers ${status}`);
  }

  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#cancelRetry?.();
    this.#cancelSilence?.();
    this.#request?.destroy();
  }

  async #connect(): Promise<void> {
    try {
      const { instance } = this.#options;
      const query = `?instance=${encodeURIComponent(instance)}`;
      const outgoing = await this.#ask({}, { accept: "text/event-stream" }, query);
      if (this.#isClosed) {
        outgoing.destroy();
        return;
      }
      this.#request = outgoing;
      this.#hear();
      // A request that is destroyed may say so more than once.
      let isOver = false;
      const broken = (reason: string): void => {
        if (isOver) return;
        isOver = true;
        outgoing.destroy();
        this.#broken(reason);
      };
      outgoing.on("error", (error) => broken(messageOf(error)));
      outgoing.once("close", () => broken("the connection has ended"));
      outgoing.once("response", (incoming) => this.#listen(incoming, broken));
      outgoing.end();
    } catch (error) {
      this.#broken(messageOf(error));
    }
  }

  #listen(incoming: IncomingMessage, broken: (reason: string) => void): void {
    if (incoming.statusCode !== 200) {
      broken(`it answers ${incoming.statusCode}`);
      return;
    }
    const reader = new EventReader(messageCharactersMax);
    incoming.setEncoding("utf8");
    incoming.on("error", (error) => broken(messageOf(error)));
    incoming.on("data", (text: string) => {
      if (this.#isClosed) return;
      this.#hear();
      try {
        for (const message of reader.read(text)) this.#options.onMessage(message);
      } catch (error) {
        broken(messageOf(error));
      }
    });
    this.#isOpen = true;
    this.#openedMs = this.#options.tools.monotonicMs();
    this.#options.onOpen();
  }

  /** Something has come: from now on silence is counted anew. */
  #hear(): void {
    const { tools, silentMs } = this.#options;
    this.#cancelSilence?.();
    this.#cancelSilence = tools.background.after(silentMs, () => {
      this.#request?.destroy(new Error("it is silent"));
    });
  }

  #broken(reason: string): void {
    this.#cancelSilence?.();
    if (this.#isClosed) return;
    const { tools, firstDelayMs, delayMaxMs, steadyMs, onBroken } = this.#options;
    const heldMs = this.#isOpen ? tools.monotonicMs() - this.#openedMs : 0;
    if (heldMs >= steadyMs) this.#failures = 0;
    const isFirst = this.#failures === 0;
    this.#isOpen = false;
    const delayMs = Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    onBroken(reason, isFirst);
    this.#cancelRetry = tools.background.after(jittered(tools.random, delayMs, 0.5), () => {
      void this.#connect();
    });
  }

  async #ask(
    options: RequestOptions,
    given: OutgoingHttpHeaders,
    query = "",
  ): Promise<ClientRequest> {
    const { endpoint, token } = this.#options;
    const isSecure = endpoint.protocol === "https:";
    const { request } = isSecure ? await import("node:https") : await import("node:http");
    const url = new URL(endpoint);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
    url.search = query;
    const headers = {
      ...given,
      authorization: `Bearer ${token}`,
      "user-agent": `soulmirror-engine/${version()}`,
    };
    const outgoing = request(url, { ...options, headers, agent: false });
    outgoing.once("socket", (socket) => socket.unref());
    // One that is over may still say so: without a listener that would end the process.
    outgoing.on("error", () => {});
    return outgoing;
  }
}
