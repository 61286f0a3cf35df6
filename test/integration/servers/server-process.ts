/**
 * A real server of somebody else for tests: on a free loopback port, with its data in a temporary
 * folder, as an unprivileged user where it demands one. Ended by its process ids.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../../bench/rig/free-ports.ts";
import { descendantsOf } from "../../../src/system/index.ts";
import { binaries, findBinary } from "../../gates/binaries.ts";
import { until } from "../../until.ts";

export interface ServerPlan {
  readonly name: string;
  /** The user of Debian's package, for servers that refuse to run as root. */
  readonly user?: string;
  /** Makes the data; run once, before the first start. */
  initialise?(folder: string): readonly string[];
  command(place: { readonly folder: string; readonly port: number }): readonly string[];
  /** Resolves when it serves, rejects when not yet. */
  isReady(port: number): Promise<void>;
}

export interface DatabaseServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  /** `kill -9` for it and all of its children; does nothing when it has ended. */
  kill(): Promise<void>;
  /** Starts it again, with its data, on the same port. */
  start(): Promise<void>;
  /** Connections stay open and nothing is answered, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

export const host = "127.0.0.1";

/** The file of a program in the table of the gates. */
export function program(command: string): string {
  const binary = binaries.find((each) => each.command === command);
  const file = binary && findBinary(binary, process.env["PATH"] ?? "");
  if (file === undefined) throw new Error(`${command} is not installed: \`npm test\` installs it`);
  return file;
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** Root becomes the user of the package; everybody else stays who they are. */
function identityOf(user: string | undefined): Identity {
  if (user === undefined || process.getuid?.() !== 0) return {};
  const ask = (flag: string): number => {
    const answer = spawnSync("id", [flag, user], { encoding: "utf8" });
    return Number(answer.stdout);
  };
  return { uid: ask("-u"), gid: ask("-g") };
}

export async function startServer(plan: ServerPlan): Promise<DatabaseServer> {
  const folder = mkdtempSync(path.join(tmpdir(), `soulmirror-${plan.name}-`));
  const identity = identityOf(plan.user);
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid);
  chmodSync(folder, 0o700);
  const port = await freePort();
  let child: ChildProcess | undefined;

  const signal = (word: NodeJS.Signals): void => {
    const pid = child?.pid;
    if (pid === undefined || child?.exitCode !== null || child.signalCode !== null) return;
    for (const each of [pid, ...descendantsOf(pid).map((found) => found.pid)]) {
      try {
        process.kill(each, word);
      } catch {
        // Ended meanwhile.
      }
    }
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, "exit");
    signal("SIGKILL");
    await ended;
  };
  const start = async (): Promise<void> => {
    const [file = "", ...args] = plan.command({ folder, port });
    // After a crash PostgreSQL refuses until the last of its children has noticed.
    const isUp = (): Promise<boolean> => {
      child = spawn(file, args, { ...identity, cwd: folder, stdio: "ignore" });
      return comesUp(child, () => plan.isReady(port));
    };
    await until(isUp, { what: `${plan.name} starts`, everyMs: 100, seen: () => child?.exitCode });
  };

  try {
    const [file, ...args] = plan.initialise?.(folder) ?? [];
    if (file !== undefined) {
      const made = spawnSync(file, args, { ...identity, cwd: folder, encoding: "utf8" });
      if (made.status !== 0) throw new Error(`${file} failed: ${made.stderr || made.stdout}`);
    }
    await start();
  } catch (error) {
    await kill();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    host,
    port,
    folder,
    kill,
    start,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** False when it has ended before it served. */
async function comesUp(child: ChildProcess, isReady: () => Promise<void>): Promise<boolean> {
  const failed = once(child, "error").then(([error]: unknown[]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  await Promise.race([once(child, "spawn"), failed]);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let last: unknown;
  const answers = async (): Promise<boolean> => {
    try {
      if (!hasEnded()) await isReady();
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  };
  await until(answers, { what: "it serves", everyMs: 30, seen: () => String(last) });
  return !hasEnded();
}
