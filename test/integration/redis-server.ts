/**
 * A real redis-server for tests: on a free loopback port, in a temporary folder, without a word on
 * disk. It can be taken away and come back on the same port, and it can be frozen, which is how a
 * server looks that is there and does not answer.
 *
 *     await using redis = await startRedis();
 *     const client = new Redis(redis.port, redis.host);
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../src/system/index.ts";

export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends the process; a second call, or one after it has ended, does nothing. */
  stop(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** Connections stay open and nothing is answered any more, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const host = "127.0.0.1";

/** `words` are further arguments of redis-server: `["--maxmemory", "2mb"]`. */
export async function startRedis(words: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "soulmirror-redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;

  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, "exit");
    ending.kill("SIGKILL");
    await ended;
  };
  const start = async (): Promise<void> => {
    const listen = ["--bind", host, "--port", String(port), "--dir", folder];
    const nothingKept = ["--save", "", "--appendonly", "no"];
    const started = spawn("redis-server", [...listen, ...nothingKept, ...words], {
      stdio: "ignore",
    });
    child = started;
    await Promise.race([once(started, "spawn"), once(started, "error").then(failToStart)]);
    while (!(await answersPing(port))) {
      if (started.exitCode !== null) throw new Error(`redis-server ended: ${started.exitCode}`);
      await pause(10);
    }
  };

  try {
    await start();
  } catch (error) {
    await stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    host,
    port,
    url: `redis://${host}:${port}`,
    stop,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function failToStart([error]: unknown[]): never {
  throw error;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write("PING\r\n"));
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(500, () => settle(false));
    socket.once("error", () => settle(false));
    socket.once("data", (bytes) => settle(bytes.toString().startsWith("+PONG")));
  });
}
