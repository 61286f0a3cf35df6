/**
 * The program `ssh` with its subsystem `sftp`: keys, agents, known hosts, jumps and everything else
 * are as its user has set them up. It never asks anybody (`BatchMode`), and ends with its input, so
 * that it does not outlive us.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { FaultKind } from "../../../vault/index.ts";
import { DiskError } from "../disk.ts";

export interface SshTarget {
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  /** Instead of `~/.ssh/config`. */
  readonly configFile?: string | undefined;
}

/** The whole command line. */
export function sshCommand(target: SshTarget): readonly string[] {
  const { host, user, port, identityFile, configFile } = target;
  const option = (flag: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [flag, String(value)];
  return [
    "ssh",
    "-T",
    ...["BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3"]
      .map((setting) => ["-o", setting])
      .flat(),
    ...option("-p", port),
    ...option("-l", user),
    ...option("-i", identityFile),
    ...option("-F", configFile),
    "-s",
    "--",
    host,
    "sftp",
  ];
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Kept of what the program says about itself. */
const saidCharacters = 4096;

export interface SshChannel {
  readonly input: Readable;
  readonly output: Writable;
  /** Why it ended, once it has. */
  readonly ended: Promise<DiskError>;
  close(): void;
}

export function openSshChannel(command: readonly string[]): SshChannel {
  const [program = "", ...words] = command;
  const child: Child = spawn(program, words, {
    stdio: ["pipe", "pipe", "pipe"],
    // Its messages are read below.
    env: { ...process.env, LC_ALL: "C" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-saidCharacters);
  });
  const { promise: ended, resolve } = Promise.withResolvers<DiskError>();
  child.on("error", (error) => {
    resolve(new DiskError("strange", `${program} could not be started: ${error.message}`, error));
  });
  child.on("close", () => resolve(faultOf(said)));
  // That nobody reads it any more is told by the end of the program, with a reason.
  child.stdin.on("error", () => undefined);
  return {
    input: child.stdout,
    output: child.stdin,
    ended,
    close: () => void child.kill("SIGTERM"),
  };
}

const signs: readonly (readonly [RegExp, FaultKind])[] = [
  [/host key verification failed|host identification has changed/i, "denied"],
  [/permission denied|too many authentication failures|no such identity/i, "denied"],
  [/subsystem request failed/i, "denied"],
  [/bad configuration option|no such file|bad owner or permissions/i, "denied"],
];

function faultOf(said: string): DiskError {
  const kind = signs.find(([sign]) => sign.test(said))?.[1] ?? "away";
  const last = said.trim().split("\n").at(-1)?.trim() ?? "";
  return new DiskError(kind, last === "" ? "the connection was cut off" : last);
}
