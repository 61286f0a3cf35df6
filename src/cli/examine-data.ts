/** The data directory, its store and its daemon. Looks only; changes nothing. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../kernel/index.ts";
import { expectedSparePath, isAlive, ownSparePath } from "../system/index.ts";
import { readDaemonNote } from "./daemon-note.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

export function examineData(dataPath: string): readonly DoctorCheck[] {
  if (!existsSync(dataPath)) return [ok("data directory", `${dataPath} will be made by \`up\``)];
  return [
    folder(dataPath),
    ...secrets(dataPath),
    store(dataPath),
    emergencyFile(dataPath),
    daemon(dataPath),
  ];
}

function folder(path: string): DoctorCheck {
  const name = "data directory";
  const { mode, uid } = statSync(path);
  const told = `${path}, mode ${(mode & 0o777).toString(8)}`;
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const fix = `run it as user ${uid}, or choose a directory of your own with --data`;
    return fail(name, `${told}: not ours to use`, fix);
  }
  if ((mode & 0o077) !== 0) return fail(name, `${told}: others may enter`, `chmod 700 ${path}`);
  return ok(name, told);
}

function secrets(dataPath: string): readonly DoctorCheck[] {
  return ["token", "audit.key"].flatMap((name) => {
    const path = join(dataPath, name);
    if (!existsSync(path)) return [];
    const { mode } = statSync(path);
    if ((mode & 0o077) === 0) return [ok(name, "only its owner may read it")];
    return [fail(name, `others may read ${path}`, `chmod 600 ${path}, and make a new one`)];
  });
}

function store(dataPath: string): DoctorCheck {
  const path = join(dataPath, "soulmirror.db");
  if (!existsSync(path)) return ok("store", "none yet");
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    try {
      const answer = Object.values(database.prepare("PRAGMA quick_check").get() ?? {})[0];
      if (answer === "ok") return ok("store", "sound");
      const fix = "stop the daemon, keep a copy, and bring it back from a backup";
      return fail("store", String(answer), fix);
    } finally {
      database.close();
    }
  } catch (error) {
    const fix = "stop the daemon, keep a copy of the file, and look at it with sqlite3";
    return fail("store", `${path}: ${messageOf(error)}`, fix);
  }
}

/** Where the journal goes while the store takes nothing. */
function emergencyFile(dataPath: string): DoctorCheck {
  const name = "emergency file";
  const there = ownSparePath(dataPath, "journal");
  if (there !== undefined && existsSync(there)) return ok(name, there);
  const expected = expectedSparePath(dataPath, "journal");
  if (expected !== undefined) return ok(name, `will be made by \`up\`: ${expected}`);
  const fix = "make /var/tmp or the temporary folder writable, and remove what has its name there";
  return warn(name, "it cannot be had; only memory is behind the store", fix);
}

function daemon(dataPath: string): DoctorCheck {
  const note = readDaemonNote(dataPath);
  if (note === undefined) return ok("daemon", "none is running here");
  if (isAlive(note)) return ok("daemon", `pid ${note.pid}, port ${note.port}`);
  const fix = "`soulmirror up` starts one that takes over the services";
  return warn("daemon", `pid ${note.pid} is gone without having ended in order`, fix);
}
