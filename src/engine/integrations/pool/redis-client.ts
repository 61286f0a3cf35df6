/**
 * A client of `ioredis`: one connection on which commands are answered in their order. It counts as
 * a pool of one.
 *
 * 1. A connection is dead when it has answered nothing since a fresh one was answered: Redis does
 *    one thing at a time, so it is not at work on the commands of the silent one.
 * 2. Commands that wait in the server (`BLPOP`, `XREAD ... BLOCK`) are neither measured nor missed,
 *    and while one is open the connection is never called dead.
 */
import { checkArgument, messageOf, refusedOption } from "../../../kernel/index.ts";
import { leftError } from "../answer-error.ts";
import { type Metering, meteringOption } from "../operation-meters.ts";
import type { Finding, PoolDriver } from "./pool-driver.ts";
import { PoolGuard } from "./pool-guard.ts";
import {
  checkPoolOptions,
  type PoolWatch,
  poolWatch,
  type WatchPoolOptions,
} from "./watch-pool.ts";

type Settle = (value: unknown) => unknown;

interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
  resolve: Settle;
  reject: Settle;
}

interface Stream {
  destroy(): void;
}

/** The parts of a client that are used. */
interface RedisClient {
  readonly status: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly stream?: Stream;
  sendCommand: (command: Command, ...rest: unknown[]) => unknown;
  duplicate(options: Readonly<Record<string, unknown>>): RedisClient;
  ping(): Promise<unknown>;
  connect(): Promise<unknown>;
  disconnect: (isReconnecting?: boolean) => void;
  on(event: string, listener: (...given: never[]) => void): unknown;
  off(event: string, listener: (...given: never[]) => void): unknown;
}

/** What ioredis itself sends to a new connection. */
const greetings: ReadonlySet<string> = new Set(
  "hello auth select client info readonly quit".split(" "),
);

const waiting: ReadonlySet<string> = new Set(
  (
    "blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop " +
    "wait waitaof monitor subscribe psubscribe ssubscribe"
  ).split(" "),
);

/**
 * Measures the commands of a client of ioredis, and finds out when its connection is dead:
 * `watchRedis(engine, client)`.
 *
 * The operation is `redis.command` for all commands. A connection that does not answer while a
 * fresh one does is ended: ioredis connects again with its own `retryStrategy`
 * (`redisRetryStrategy` is one with jitter) and sends what was open once more, as after every loss
 * (`autoResendUnfulfilledCommands`). Errors go to the listeners that the client has, as before.
 * Throws `OPTIONS_INVALID` for what is no such client; a cluster is none.
 */
export function watchRedis(
  engine: Metering,
  client: object,
  options: WatchPoolOptions = {},
): PoolWatch {
  const checked = checkPoolOptions("watchRedis", options, { name: "redis", word: "command" });
  checkArgument(["watchRedis", "engine"], engine, meteringOption);
  const clientFix = "hand in what `new Redis()` of ioredis returns";
  const refused = refusedOption<never>("a client of ioredis", clientFix);
  const isThing = typeof client === "object" && client !== null;
  if (!isThing || !isRedisClient(client)) {
    return checkArgument(["watchRedis", "client"], client, refused);
  }
  const seen: Seen = { answeredMs: checked.tools.monotonicMs(), open: new Set(), blocking: 0 };
  const driver = driverOf(client, seen, checked.tools.monotonicMs);
  const onBack = (): void => engine.serverIsBack?.(client);
  const guard = new PoolGuard<object>(driver, engine, { ...checked, onBack });
  return poolWatch(
    guard,
    driver,
    watchClient(client, { guard, seen, nowMs: checked.tools.monotonicMs }),
  );
}

interface Seen {
  answeredMs: number;
  /** When each open command was asked, those apart that wait in the server. */
  readonly open: Set<{ readonly askedMs: number }>;
  /** Open commands that wait in the server. */
  blocking: number;
}

function isRedisClient(client: object): client is RedisClient {
  const parts = client as Partial<Record<keyof RedisClient, unknown>>;
  return (
    typeof parts.sendCommand === "function" &&
    typeof parts.duplicate === "function" &&
    typeof parts.status === "string" &&
    !("nodes" in client)
  );
}

function driverOf(client: RedisClient, seen: Seen, nowMs: () => number): PoolDriver<object> {
  return {
    counts: () => {
      const total = client.status === "ready" ? 1 : 0;
      return { limit: 1, total, idle: total, waiting: 0 };
    },
    probe: (deadline) => probe({ client, seen, nowMs }, deadline),
    discard: () => client.stream?.destroy(),
    // It connects again by itself.
    refresh: () => Promise.resolve(),
  };
}

async function probe(
  { client, seen, nowMs }: { client: RedisClient; seen: Seen; nowMs: () => number },
  deadline: AbortSignal,
): Promise<Finding<object>> {
  const askedMs = nowMs();
  const fresh = client.duplicate({
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    reconnectOnError: null,
  });
  // Why it failed; the promises only say that the connection was closed.
  let reason: unknown;
  fresh.on("error", (error: unknown) => {
    reason ??= error;
  });
  deadline.addEventListener("abort", () => fresh.disconnect());
  try {
    await fresh.connect();
    await fresh.ping();
    return { isAlive: () => isAlive(seen, askedMs) };
  } catch (error) {
    throw reason ?? error;
  } finally {
    fresh.disconnect();
  }
}

/** Asked before the fresh one, and still open although that one was answered: it is dead. */
function isAlive({ answeredMs, open, blocking }: Seen, askedMs: number): boolean | undefined {
  if (blocking > 0 || answeredMs >= askedMs) return undefined;
  for (const each of open) if (each.askedMs < askedMs) return false;
  return undefined;
}

interface Watching {
  readonly guard: PoolGuard<object>;
  readonly seen: Seen;
  readonly nowMs: () => number;
}

function watchClient(client: RedisClient, watching: Watching): () => void {
  const { guard } = watching;
  const measured = new WeakSet<Command>();
  const before = Object.getOwnPropertyDescriptor(client, "sendCommand");
  const { sendCommand } = client;
  const end = watchEnd(client);
  client.sendCommand = function sendWatched(this: RedisClient, command, ...rest): unknown {
    // A command comes by again when it was kept for a later connection.
    const isGreeting = client.status === "connect" && greetings.has(command.name);
    if (command.name === "quit") end.isWanted = true;
    if (!measured.has(command) && !isGreeting) {
      measured.add(command);
      watchCommand(command, client, watching);
    }
    return sendCommand.call(this, command, ...rest);
  };
  let connecting: ReturnType<typeof guard.connecting> | undefined;
  const listeners = {
    connecting: () => {
      end.isWanted = false;
      connecting = guard.connecting();
    },
    ready: () => {
      guard.taken(client);
      connecting?.succeed();
      connecting = undefined;
    },
    close: () => {
      const error = end.isWanted ? leftError("the client") : new Error("Connection is closed.");
      if (connecting !== undefined) connecting.fail(error);
      else if (end.isWanted) guard.gone(client);
      else guard.lost(client, error);
      connecting = undefined;
    },
  };
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);
  return () => {
    end.stop();
    if (before === undefined) Reflect.deleteProperty(client, "sendCommand");
    else Object.defineProperty(client, "sendCommand", before);
    for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
  };
}

/** A connection that its owner ends is none that was lost. */
function watchEnd(client: RedisClient): { isWanted: boolean; stop: () => void } {
  const before = Object.getOwnPropertyDescriptor(client, "disconnect");
  const { disconnect } = client;
  const end = {
    isWanted: false,
    stop: () => {
      if (before === undefined) Reflect.deleteProperty(client, "disconnect");
      else Object.defineProperty(client, "disconnect", before);
    },
  };
  client.disconnect = function disconnectWatched(this: RedisClient, isReconnecting = false): void {
    if (!isReconnecting) end.isWanted = true;
    return disconnect.call(this, isReconnecting);
  };
  return end;
}

function watchCommand(command: Command, client: RedisClient, watching: Watching): void {
  const { guard, seen, nowMs } = watching;
  const isBlocking = waiting.has(command.name) || waitsItself(command);
  const call = isBlocking ? undefined : guard.begin(client);
  if (isBlocking) seen.blocking += 1;
  const asked = { askedMs: nowMs() };
  if (!isBlocking) seen.open.add(asked);
  let isOpen = true;
  const close = (): void => {
    seen.open.delete(asked);
    if (isOpen && isBlocking) seen.blocking -= 1;
    isOpen = false;
  };
  // Its own functions and not its promise: a rejection that nobody handles must stay one.
  const { resolve, reject } = command;
  command.resolve = (value) => {
    close();
    seen.answeredMs = nowMs();
    call?.succeed(value);
    return resolve(value);
  };
  command.reject = (error) => {
    close();
    // An error reply is an answer, too.
    if (error instanceof Error && error.name === "ReplyError") seen.answeredMs = nowMs();
    call?.fail(error);
    return reject(error);
  };
}

/** `XREAD BLOCK 0 STREAMS ...`, in any case. */
function waitsItself({ name, args }: Command): boolean {
  if (name !== "xread" && name !== "xreadgroup") return false;
  return args.some((each) => messageOf(each).toUpperCase() === "BLOCK");
}
