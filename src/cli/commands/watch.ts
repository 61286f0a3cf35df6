/**
 * The fleet, live in the terminal: the same picture as `status`, with what happens below it. A
 * daemon that goes away is said and waited for.
 */
import { setTimeout as pause } from "node:timers/promises";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import type { Context, Run } from "../command.ts";
import { DaemonClient } from "../daemon-client.ts";
import { followEvents, positionBefore } from "../events.ts";
import { askForReport } from "../fleet-report.ts";
import { type Key, KeyReader } from "../keys.ts";
import { renderReport } from "../render-report.ts";
import { Screen } from "../screen.ts";
import { clockTime, EntryTeller } from "../tell-entry.ts";

const redrawEveryMs = 1000;
const coalesceMs = 100;
const eventsMax = 200;

export const watch: Run = async (context) => {
  const { out } = context;
  if (out.isJson) return stream(context);
  if (!Screen.isThere) {
    throw new SoulMirrorError("BAD_REQUEST", "watch needs a terminal", {
      fix: "use `soulmirror status`, or `soulmirror watch --json` for a stream of entries",
    });
  }
  const picture = new LivePicture(context);
  // Fails in plain sight, before the screen is taken.
  await picture.refresh();
  await picture.run();
  return 0;
};

async function stream({ out, place }: Context): Promise<number> {
  const over = new AbortController();
  process.once("SIGINT", () => over.abort());
  const client = DaemonClient.at(place);
  for await (const sealed of followEvents(client, { signal: over.signal }))
    out.write(JSON.stringify(sealed));
  client.close();
  return 0;
}

class LivePicture {
  readonly #context: Context;
  readonly #over = new AbortController();
  readonly #events: string[] = [];
  #picture = "";
  #trouble: string | undefined;
  #isDue = true;
  #wake: () => void = () => {};

  constructor(context: Context) {
    this.#context = context;
  }

  async run(): Promise<void> {
    const stop = (): void => {
      this.#over.abort();
      this.#wake();
    };
    const keys = new KeyReader();
    const hear = (bytes: Buffer): void => {
      if (keys.read(bytes).some(isQuit)) stop();
    };
    using screen = new Screen(hear, () => this.#draw(screen));
    screen.ended.addEventListener("abort", stop);
    const listening = this.#listen();
    while (!this.#over.signal.aborted) {
      await this.#refreshOrTell();
      this.#draw(screen);
      this.#isDue = false;
      await this.#rest();
    }
    await listening;
  }

  /** Rejects when no daemon answers. */
  async refresh(): Promise<void> {
    const { place, out } = this.#context;
    const client = DaemonClient.at(place);
    try {
      const report = await askForReport(client);
      const { wallMs: nowMs } = realClock.now();
      this.#picture = renderReport(report, { style: out.style, nowMs });
    } finally {
      client.close();
    }
  }

  async #refreshOrTell(): Promise<void> {
    try {
      await this.refresh();
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = messageOf(error);
    }
  }

  /** Until the next second, or shortly after something has happened. */
  async #rest(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const timer = new AbortController();
    await Promise.race([woken, quietPause(redrawEveryMs, timer.signal)]);
    timer.abort();
    if (this.#isDue && !this.#over.signal.aborted) await pause(coalesceMs);
  }

  async #listen(): Promise<void> {
    const { place, out } = this.#context;
    const { signal } = this.#over;
    let after: number | undefined;
    const teller = new EntryTeller(out.style);
    while (!signal.aborted) {
      try {
        const client = DaemonClient.at(place);
        after ??= await positionBefore(client, eventsMax);
        for await (const sealed of followEvents(client, { signal, after })) {
          after = sealed.position;
          const line = teller.tell(sealed);
          if (line !== undefined) this.#events.push(...line.split("\n"));
          this.#events.splice(0, this.#events.length - eventsMax);
          this.#isDue = true;
          this.#wake();
        }
        client.close();
      } catch {
        // The daemon is away: the picture says so, and we listen again.
      }
      await quietPause(redrawEveryMs, signal);
    }
  }

  #draw(screen: Screen): void {
    const { rows: height } = screen.size;
    const { style } = this.#context.out;
    const foot = style.paint("grey", `${clockTime(realClock.now().wallMs)}   q quits`);
    const top = [
      ...(this.#trouble === undefined ? [] : [style.paint("red", this.#trouble), ""]),
      ...this.#picture.split("\n"),
      "",
    ];
    const room = Math.max(0, height - 1 - top.length);
    const events = room > 0 ? this.#events.slice(-room) : [];
    const body = [...top, ...events].slice(0, height - 1);
    while (body.length < height - 1) body.push("");
    screen.draw([...body, foot]);
  }
}

function isQuit(key: Key): boolean {
  return key.kind === "interrupt" || (key.kind === "text" && key.text === "q");
}

async function quietPause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(delayMs, undefined, { signal });
  } catch {
    // Woken early: that is what the signal is for.
  }
}
