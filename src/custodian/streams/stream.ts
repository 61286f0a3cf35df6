/**
 * One server whose log is received without a pause, with a copy of everything (a base) every day.
 *
 * T1. A line has no gap: when something of the log is missing, the line ends, that is told, and a
 *     new one begins with a new base at once.
 * T2. What a line covers is what the server said was committed, and what has been received since.
 * T3. A failure is told once, and everything is tried again at the next pause. That it is well is
 *     told as well, from the first time on: who remembers an earlier process hears that it is over.
 */
import { readdirSync } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Cron } from "croner";
import { messageOf } from "../../kernel/index.ts";
import { privateDirectory, realClock, realMonotonicMs } from "../../system/index.ts";
import { readLogName } from "./log-names.ts";
import { pruneLines } from "./prune-lines.ts";
import { endNoted, Receiver } from "./receiver.ts";
import { logIn, shelve } from "./shelf.ts";
import {
  basesOf,
  idOfTime,
  type KeptLine,
  linesIn,
  logOf,
  makeLine,
  removeLine,
  writeLine,
} from "./stream-folder.ts";
import type { Line, Mark, Place, StreamSpec } from "./stream-line.ts";
import type { Look, Newest, StreamServer } from "./stream-server.ts";

export interface StreamOptions {
  readonly name: string;
  readonly spec: StreamSpec;
  readonly server: StreamServer;
  /** What snapshots hold of it. */
  readonly folder: string;
  /** What they do not; on the same file system. */
  readonly workFolder: string;
  readonly isHeld: (sinceMs: number) => Promise<boolean>;
  readonly tell: (told: StreamTold) => void;
  readonly onChange: (folders: readonly string[]) => void;
}

/**
 * `trouble` lasts until it is `well`, `no-base` until there is a `base`. `gap`: moments from here
 * to the next base cannot be reached. `left`: a note for people, and nothing is wrong.
 */
export interface StreamTold {
  readonly stream: string;
  readonly kind: "trouble" | "well" | "gap" | "no-base" | "base" | "left";
  readonly text: string;
}

/** Nothing more is received for so long: the receiver is started anew. */
const stillMs = 60_000;
/** What covers nothing new but time is written so often. */
const coveredEveryMs = 60_000;
const baseRetryMs = { least: 1000, most: 3_600_000 } as const;

export class Stream implements AsyncDisposable {
  readonly #options: StreamOptions;
  readonly #received: string;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #line: KeptLine | undefined;
  #receiver: Receiver | undefined;
  /** Where the receiver of a new line begins. */
  #from = "";
  #pending: { readonly mark: Mark; readonly sinceMs: number } | undefined;
  #base: Promise<void> | undefined;
  #made: { readonly lineId: string; readonly from: Place; readonly atMs: number } | undefined;
  #baseRetry = { delayMs: 0, atMs: 0 };
  /** Undefined: nobody heard yet how it is. */
  #trouble: string | undefined;
  #baseTrouble: string | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#received = privateDirectory(join(options.workFolder, "log"));
    privateDirectory(options.folder);
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.#base;
    await this.#receiver?.[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    const { pauseMs } = this.#options.spec;
    while (!signal.aborted) {
      try {
        const before = this.#line;
        await this.#tick();
        if (this.#line !== undefined && this.#line !== before) this.#tellChange(this.#line.folder);
      } catch (error) {
        if (!signal.aborted) this.#tellTrouble(messageOf(error));
      }
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #tick(): Promise<void> {
    const { folder, isHeld, server } = this.#options;
    this.#line ??= await this.#lineBefore();
    const look = await server.look(await this.#newest(), this.#end.signal);
    if (look.lost !== undefined) await this.#endLine(look.lost);
    this.#line ??= await this.#beginLine(look);
    this.#receive();
    const gap = await shelve(this.#shelf(this.#line));
    if (gap !== undefined) return await this.#endLine(gap);
    this.#line = await this.#keepBase(await this.#cover(this.#line, look));
    this.#tellBase(this.#line.note);
    this.#line = await pruneLines(this.#line, { folder, isHeld });
    if (this.#base === undefined && this.#isBaseDue(this.#line.note)) {
      this.#base = this.#takeBase(this.#line);
    }
  }

  /** The line that an earlier process began; one without a base is of no use. */
  async #lineBefore(): Promise<KeptLine | undefined> {
    const open = (await linesIn(this.#options.folder)).filter(({ note }) => !note.ended);
    for (const each of open) if (each.note.bases.length === 0) await removeLine(each);
    const line = open.findLast(({ note }) => note.bases.length > 0);
    if (line === undefined) return undefined;
    const newest = (await logIn(line.note, logOf(line.folder))).at(-1)?.name;
    this.#from = newest ?? line.note.bases.at(-1)?.from.file ?? "";
    return line;
  }

  async #beginLine({ mark, segmentBytes }: Look): Promise<KeptLine> {
    const { folder, server } = this.#options;
    await rm(this.#received, { recursive: true, force: true });
    await mkdir(this.#received, { mode: 0o700 });
    // It may hold what the server keeps for us.
    await endNoted(this.#notePath);
    await server.begin(this.#end.signal);
    this.#from = mark.place.file;
    this.#baseRetry = { delayMs: 0, atMs: 0 };
    const { kind } = server;
    const id = idOfTime(realClock.now().wallMs);
    return await makeLine(folder, id, { kind, segmentBytes, bases: [] });
  }

  async #endLine(reason: string): Promise<void> {
    const line = this.#line;
    await this.#receiver?.[Symbol.asyncDispose]();
    [this.#receiver, this.#pending, this.#line] = [undefined, undefined, undefined];
    // A copy that goes on is of no line any more.
    if (line === undefined) return;
    const ended = { atMs: realClock.now().wallMs, reason };
    if (line.note.bases.length === 0) await removeLine(line);
    else await writeLine(line, { ...line.note, ended });
    this.#tell("gap", `${reason}; a new copy of everything is made`);
  }

  #receive(): void {
    const { server } = this.#options;
    this.#receiver ??= new Receiver({
      env: server.env,
      command: () => server.receive(this.#received, this.#newestReceived() ?? this.#from),
      notePath: this.#notePath,
    });
  }

  #newestReceived(): string | undefined {
    const { kind } = this.#options.server;
    const { segmentBytes = 0 } = this.#line?.note ?? {};
    return readdirSync(this.#received)
      .flatMap((each) => readLogName(kind, each, segmentBytes) ?? [])
      .toSorted((a, b) => a.number - b.number)
      .at(-1)?.name;
  }

  /** Of the line; where it has no log yet, the one that it begins with. */
  async #newest(): Promise<Newest | undefined> {
    if (this.#line === undefined) return undefined;
    const { folder, note } = this.#line;
    const name = (await logIn(note, logOf(folder))).at(-1)?.name;
    if (name === undefined) return { name: this.#from, sizeBytes: 0 };
    return { name, sizeBytes: (await stat(join(logOf(folder), name))).size };
  }

  #shelf({ folder, note }: KeptLine): Parameters<typeof shelve>[0] {
    const { kind, segmentBytes } = note;
    return { kind, segmentBytes, received: this.#received, folder: logOf(folder) };
  }

  /** T2 */
  async #cover(line: KeptLine, look: Look): Promise<KeptLine> {
    const nowMs = realMonotonicMs();
    const marks = [look.mark, ...(this.#pending === undefined ? [] : [this.#pending.mark])];
    let covered: Mark | undefined;
    for (const each of marks)
      if (covered === undefined && (await this.#has(line, each, look))) covered = each;
    if (covered !== look.mark && (covered !== undefined || this.#pending === undefined)) {
      this.#pending = { mark: look.mark, sinceMs: nowMs };
    }
    if (covered === undefined) {
      this.#tellStill(nowMs);
      return line;
    }
    if (covered === look.mark) this.#pending = undefined;
    if (this.#trouble !== "") this.#tell("well", "it is received");
    this.#trouble = "";
    const before = line.note.covered;
    const isMoved = JSON.stringify(before?.place) !== JSON.stringify(covered.place);
    const beforeMs = before?.atMs ?? 0;
    const baseMs = line.note.bases.at(-1)?.atMs ?? 0;
    // With a new base a gap is over, also where nothing is written.
    const endsGap = beforeMs < baseMs && baseMs <= covered.atMs;
    if (!isMoved && !endsGap && covered.atMs < beforeMs + coveredEveryMs) return line;
    return await writeLine(line, { ...line.note, covered });
  }

  async #has(line: KeptLine, { place }: Mark, { received }: Look): Promise<boolean> {
    if (this.#options.server.kind === "postgres") {
      if (received === undefined) return false;
      const behind = received.file === place.file && received.offset >= place.offset;
      return behind || received.file > place.file;
    }
    const found = await stat(join(logOf(line.folder), place.file)).catch(() => undefined);
    return (found?.size ?? 0) >= place.offset;
  }

  #tellStill(nowMs: number): void {
    const stillForMs = nowMs - (this.#pending?.sinceMs ?? nowMs);
    if (stillForMs < stillMs) return;
    this.#pending = undefined;
    this.#receiver?.restart();
    this.#tellTrouble(`nothing is received: ${this.#receiver?.complaint ?? ""}`);
  }

  /** Not before something of the log is here: it must reach back to where the base begins. */
  #isBaseDue({ bases, covered }: Line): boolean {
    if (covered === undefined) return false;
    if (this.#made !== undefined || realMonotonicMs() < this.#baseRetry.atMs) return false;
    const last = bases.at(-1);
    if (last === undefined) return true;
    const { base } = this.#options.spec;
    const nowMs = realClock.now().wallMs;
    if (base.kind === "every") return nowMs >= last.keptAtMs + base.everyMs;
    const next = new Cron(base.cron, { paused: true }).nextRun(new Date(last.keptAtMs));
    return next !== null && nowMs >= next.getTime();
  }

  /** Beside the ticks, for it may take hours; the next tick puts it where snapshots find it. */
  async #takeBase({ id }: KeptLine): Promise<void> {
    const { server } = this.#options;
    const { signal } = this.#end;
    try {
      await rm(this.#fresh, { recursive: true, force: true });
      await mkdir(this.#fresh, { mode: 0o700 });
      const from = await server.takeBase(this.#fresh, signal);
      const { mark } = await server.look(undefined, signal);
      this.#made = { lineId: id, from, atMs: mark.atMs + 1 };
      this.#baseRetry = { delayMs: 0, atMs: 0 };
    } catch (error) {
      const { least, most } = baseRetryMs;
      const delayMs = Math.min(most, Math.max(least, this.#baseRetry.delayMs * 2));
      this.#baseRetry = { delayMs, atMs: realMonotonicMs() + delayMs };
      if (!signal.aborted) this.#tellBaseTrouble(messageOf(error));
    } finally {
      this.#base = undefined;
    }
  }

  get #notePath(): string {
    return join(this.#options.workFolder, "receiver.json");
  }

  get #fresh(): string {
    return join(this.#options.workFolder, "base");
  }

  async #keepBase(line: KeptLine): Promise<KeptLine> {
    const made = this.#made;
    this.#made = undefined;
    // One of a line that has ended is of no use.
    if (made?.lineId !== line.id) return line;
    const keptAtMs = realClock.now().wallMs;
    const id = idOfTime(keptAtMs);
    await rename(this.#fresh, join(basesOf(line.folder), id));
    const { atMs, from } = made;
    const bases = [...line.note.bases, { id, atMs, from, keptAtMs }];
    this.#baseTrouble = undefined;
    return await writeLine(line, { ...line.note, bases });
  }

  /** A new one; and the last one, where nobody heard of it. */
  #tellBase({ bases }: Line): void {
    const last = bases.at(-1);
    if (last === undefined || this.#baseTrouble !== undefined) return;
    this.#baseTrouble = "";
    this.#tell("base", `there is a copy of everything: ${last.id}`);
  }

  #tellChange(line: string): void {
    const { folder, onChange } = this.#options;
    onChange([folder, line, logOf(line), basesOf(line)]);
  }

  /** T3 */
  #tellTrouble(text: string): void {
    if (text === this.#trouble) return;
    this.#trouble = text;
    this.#tell("trouble", text);
  }

  #tellBaseTrouble(reason: string): void {
    const text = `no copy of everything: ${reason}`;
    if (text === this.#baseTrouble) return;
    this.#baseTrouble = text;
    this.#tell("no-base", text);
  }

  #tell(kind: StreamTold["kind"], text: string): void {
    const { name, tell } = this.#options;
    tell({ stream: name, kind, text });
  }
}
