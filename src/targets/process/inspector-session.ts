/** A conversation with the inspector of a Node process: commands by number, events by name. */
import type { AbortSignalLike } from "../../model/index.ts";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message?: string };
}

type Settle = (message: Message) => void;

/** Every promise of a session is settled when the signal aborts or the connection ends. */
export class InspectorSession implements Disposable {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, Settle>();
  readonly #events = new Map<string, Settle>();
  /** The files of the program by the number that its frames bear. */
  readonly scripts: Map<string, string> = new Map();
  readonly #over: () => void;
  readonly #signal: AbortSignalLike;
  #lastId = 0;
  #isOver = false;

  /** Resolves when the connection has ended, from whichever side. */
  readonly ended: Promise<void>;

  /** `url` as Node prints it. Resolves when it is connected, rejects when that fails. */
  static open(url: string, signal: AbortSignalLike): Promise<InspectorSession> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const session = new InspectorSession(socket, signal);
      socket.addEventListener("open", () => resolve(session), { once: true });
      socket.addEventListener("error", () => reject(new Error("no connection")), { once: true });
      signal.addEventListener("abort", () => reject(new Error("no connection in time")), {
        once: true,
      });
    });
  }

  private constructor(socket: WebSocket, signal: AbortSignalLike) {
    this.#socket = socket;
    this.#signal = signal;
    this.#over = () => this[Symbol.dispose]();
    socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    this.ended = new Promise((resolve) => {
      socket.addEventListener("close", () => resolve(), { once: true });
    });
    socket.addEventListener("close", this.#over, { once: true });
    signal.addEventListener("abort", this.#over, { once: true });
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<Message["result"]> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = this.#wait(this.#answers, id);
    if (!this.#isOver) this.#socket.send(JSON.stringify({ id, method, params }));
    const message = await answer;
    if (message.error) throw new Error(`${method}: ${message.error.message}`);
    return message.result;
  }

  /** The next event of that name. Call it before the command that brings the event about. */
  async event(method: string): Promise<Message["params"]> {
    return (await this.#wait(this.#events, method)).params;
  }

  /** Sends what need not be answered. */
  post(method: string, params: Record<string, unknown> = {}): void {
    this.#lastId += 1;
    if (!this.#isOver) this.#socket.send(JSON.stringify({ id: this.#lastId, method, params }));
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal.removeEventListener("abort", this.#over);
    const waiting = [...this.#answers.values(), ...this.#events.values()];
    this.#answers.clear();
    this.#events.clear();
    for (const settle of waiting) settle({ error: { message: "no answer in time" } });
    this.#socket.close();
  }

  #wait<K>(waiting: Map<K, Settle>, key: K): Promise<Message> {
    if (this.#isOver) return Promise.resolve({ error: { message: "the connection has ended" } });
    return new Promise((resolve) => waiting.set(key, resolve));
  }

  #take(text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.method === "Debugger.scriptParsed") {
      this.scripts.set(String(message.params?.["scriptId"]), String(message.params?.["url"]));
    }
    const settle =
      message.id === undefined
        ? this.#events.get(message.method ?? "")
        : this.#answers.get(message.id);
    if (message.id === undefined) this.#events.delete(message.method ?? "");
    else this.#answers.delete(message.id);
    settle?.(message);
  }
}
