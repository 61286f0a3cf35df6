/** Users and groups by number or by name, as /etc/passwd and /etc/group have them. */
import { readFileSync } from "node:fs";
import { failed, type Result, success } from "../../kernel/index.ts";

export interface Account {
  readonly uid?: number;
  readonly gid?: number;
  /** Those that list the user as a member, besides the primary one. */
  readonly groups?: readonly number[];
  readonly home?: string;
  readonly name?: string;
}

interface Files {
  readonly passwd: string;
  readonly group: string;
}

/** Who asks. */
interface Self {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Nothing asked for: nothing changed. Another account than our own needs root. */
export function findAccount(
  { user, group }: { user?: string; group?: string },
  files: Files = readFiles(),
  self: Self = { uid: process.getuid?.(), gid: process.getgid?.() },
): Result<Account> {
  if (user === undefined && group === undefined) return success({});
  const entry = user === undefined ? undefined : lookUp(files.passwd, user);
  if (user !== undefined && entry === undefined) return failed(`there is no user "${user}"`);
  const groupEntry = group === undefined ? undefined : lookUp(files.group, group);
  if (group !== undefined && groupEntry === undefined) {
    return failed(`there is no group "${group}"`);
  }
  const uid = entry && Number(entry[2]);
  const gid = groupEntry ? Number(groupEntry[2]) : entry && Number(entry[3]);
  if (self.uid !== 0) {
    const isOwn = (uid ?? self.uid) === self.uid && (gid ?? self.gid) === self.gid;
    const refusal = `only root may start a service as ${user ?? group}; the daemon is user ${self.uid}`;
    return isOwn ? success({}) : failed(refusal);
  }
  const name = entry?.[0] ?? "";
  const groups = groupsOf(files.group, name).filter((each) => each !== gid);
  return success({
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(entry?.[5] === undefined ? {} : { home: entry[5] }),
    ...(name === "" ? {} : { name }),
    ...(groups.length === 0 ? {} : { groups }),
  });
}

/** A number need not be in the file. */
function lookUp(text: string, wanted: string): readonly string[] | undefined {
  const isNumber = /^\d+$/.test(wanted);
  const lines = text.split("\n").map((line) => line.split(":"));
  const found = lines.find((fields) => fields[isNumber ? 2 : 0] === wanted);
  return found ?? (isNumber ? ["", "", wanted, wanted] : undefined);
}

function groupsOf(text: string, user: string): readonly number[] {
  return text.split("\n").flatMap((line) => {
    const [, , gid, members = ""] = line.split(":");
    return user !== "" && members.trim().split(",").includes(user) ? [Number(gid)] : [];
  });
}

function readFiles(): Files {
  return { passwd: read("/etc/passwd"), group: read("/etc/group") };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Then only numbers can be used.
    return "";
  }
}
