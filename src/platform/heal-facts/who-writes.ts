/**
 * Which inodes the processes of this machine may write: open for writing, or mapped shared and
 * writable. Of what it may not look into (processes of others, unless we are root) it says nothing.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";

export interface Inode {
  readonly deviceId: bigint;
  readonly inode: bigint;
}

export interface Writers {
  readonly isOpen: boolean;
  readonly isMapped: boolean;
}

const accessMode = 0o3;

export function whoWrites(target: Inode): Writers {
  const processes = namesIn("/proc").filter((name) => /^\d+$/.test(name));
  return {
    isOpen: processes.some((pid) => hasOpen(pid, target)),
    isMapped: processes.some((pid) => hasMapped(pid, target)),
  };
}

function hasOpen(pid: string, target: Inode): boolean {
  return namesIn(`/proc/${pid}/fd`).some((number) => {
    const stats = attempted(() => statSync(`/proc/${pid}/fd/${number}`, { bigint: true }));
    if (stats?.ino !== target.inode || stats.dev !== target.deviceId) return false;
    const info = attempted(() => readFileSync(`/proc/${pid}/fdinfo/${number}`, "latin1")) ?? "";
    const [, flags = "0"] = /^flags:\s*([0-7]+)$/m.exec(info) ?? [];
    return (Number.parseInt(flags, 8) & accessMode) !== 0;
  });
}

/** Each line: range, rights, offset, device, inode, name. */
function hasMapped(pid: string, { inode }: Inode): boolean {
  const maps = attempted(() => readFileSync(`/proc/${pid}/maps`, "latin1")) ?? "";
  return maps.split("\n").some((line) => {
    const [, rights = "", , , number = ""] = line.split(/\s+/);
    return /^.w.s$/.test(rights) && number === String(inode);
  });
}

function namesIn(folder: string): readonly string[] {
  return attempted(() => readdirSync(folder)) ?? [];
}

function attempted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // It ended meanwhile, or is not ours to look into.
    return undefined;
  }
}
