import { realClock } from "../../../system/index.ts";
import type { Location } from "../../../vault/index.ts";
import { FolderLocation } from "../folder-location.ts";
import { SftpDisk } from "./sftp-disk.ts";
import { type SshTarget, sshCommand } from "./ssh-channel.ts";

export interface SftpLocationOptions {
  readonly target: SshTarget;
  /** Absolute, or relative to the folder that the login begins in. */
  readonly folder: string;
  /** How people know it. */
  readonly name: string;
  readonly region?: string;
  readonly isAppendOnly?: boolean;
  /** A program that speaks SFTP, with its words, instead of `ssh`. */
  readonly command?: readonly string[];
  /** Default 60 s without a sign of life while an answer is due. */
  readonly stallMs?: number;
  /** For one call; default one hour. */
  readonly limitMs?: number;
}

/** A repository on a machine behind SSH, by the system's own `ssh`. */
export function openSftpLocation(options: SftpLocationOptions): Location {
  const { target, folder, name, region = "", isAppendOnly = false } = options;
  const { command = sshCommand(target), stallMs = 60_000, limitMs = 3_600_000 } = options;
  return new FolderLocation(new SftpDisk({ command, stallMs, requestsAtOnce: 64 }), {
    root: folder,
    traits: { name, region, isAppendOnly },
    limitMs,
    wallMs: () => realClock.now().wallMs,
  });
}
