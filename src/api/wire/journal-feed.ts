/**
 * The journal, live, to many clients: each gets every entry once, in order, and a client that was
 * away is first given what it missed from the store.
 *
 * F1. While a client catches up, new entries wait in a bounded list of its own; when that list is
 *     full they are read from the store instead.
 * F2. A client sees only rising positions. When the store was lost and the journal begins anew,
 *     streams end; who comes back is given what the new one has.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import type { SealedEntry } from "../../model/index.ts";
import type { House } from "../house.ts";
import type { Caller } from "../procedures/procedure.ts";
import { visibleEntry } from "../visible.ts";
import type { EventStream } from "./event-stream.ts";

const pageSize = 500;
const waitingMax = 1000;

interface Client {
  readonly stream: EventStream;
  readonly caller: Caller;
  /** The next position that it has not seen; 0 while it only wants what comes. */
  next: number;
  /** Entries that came while it catches up; undefined once it is live. */
  waiting: SealedEntry[] | undefined;
  missed: boolean;
}

export class JournalFeed {
  readonly #house: House;
  readonly #complain: (what: string, error: unknown) => void;
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;
  /** The last position that came. */
  #told = 0;

  constructor(house: House, complain: (what: string, error: unknown) => void) {
    this.#house = house;
    this.#complain = complain;
    this.#unsubscribe = house.subscribe((entries) => {
      if (entries.some(({ position }) => position <= this.#told)) this.#beginAnew();
      this.#told = entries.at(-1)?.position ?? this.#told;
      for (const client of this.#clients) this.#deliver(client, entries);
    });
  }

  /** `after`: the last position that the client has; undefined begins with what comes now. */
  join(stream: EventStream, caller: Caller, after: number | undefined): void {
    const isLive = after === undefined;
    const client: Client = {
      stream,
      caller,
      next: isLive ? 0 : after + 1,
      waiting: isLive ? undefined : [],
      missed: false,
    };
    this.#clients.add(client);
    stream.onClose(() => this.#clients.delete(client));
    if (!isLive) void this.#catchUp(client);
  }

  close(): void {
    this.#unsubscribe();
    this.#clients.clear();
  }

  #beginAnew(): void {
    for (const { stream } of this.#clients) stream.end();
    this.#clients.clear();
  }

  #deliver(client: Client, entries: readonly SealedEntry[]): void {
    if (client.waiting === undefined) {
      send(client, entries);
    } else if (client.waiting.length + entries.length <= waitingMax) {
      client.waiting.push(...entries);
    } else {
      client.waiting = [];
      client.missed = true;
    }
  }

  async #catchUp(client: Client): Promise<void> {
    const { stream } = client;
    try {
      // A position beyond the end is of another journal: that client begins anew.
      const last = await this.#house.store.last();
      client.next = Math.min(client.next, (last?.position ?? 0) + 1);
      do await this.#sendStored(client);
      while (!(await sendWaiting(client)));
    } catch (error) {
      this.#complain("the journal could not be read for a client of its events", error);
      stream.end();
    }
  }

  async #sendStored(client: Client): Promise<void> {
    while (client.stream.isOpen) {
      const page = await this.#house.store.read(client.next, pageSize);
      await sendGently(client, page);
      if (page.length > 0) continue;
      if (!client.missed) return;
      client.missed = false;
    }
  }
}

/**
 * Makes the client live. False when more came meanwhile than waits for it: what is missing now
 * must be read before anything later is sent.
 */
async function sendWaiting(client: Client): Promise<boolean> {
  while (client.stream.isOpen && !client.missed) {
    const { waiting = [] } = client;
    if (waiting.length === 0) break;
    client.waiting = [];
    await sendGently(client, waiting);
  }
  if (client.missed && client.stream.isOpen) return false;
  client.waiting = undefined;
  return true;
}

/** As fast as the client takes them: what it missed may be more than it may leave unread. */
async function sendGently(client: Client, entries: readonly SealedEntry[]): Promise<void> {
  for (const sealed of entries) {
    if (!client.stream.isOpen) return;
    send(client, [sealed]);
    await client.stream.drained();
  }
}

function send(client: Client, entries: readonly SealedEntry[]): void {
  for (const sealed of entries) {
    if (sealed.position < client.next) continue;
    client.next = sealed.position + 1;
    const data = JSON.stringify(visibleEntry(sealed, client.caller));
    client.stream.send({ id: sealed.position, data });
  }
}

/** A client's last position, from its header or its query; undefined when it gave none. */
export function positionFrom(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SoulMirrorError("BAD_REQUEST", `${text} is no position in the journal`);
}
