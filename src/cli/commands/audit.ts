/**
 * Has the journal been edited, reordered or cut since it was written? Proven offline: from the
 * store, the key of the data directory, and the anchors in the daemon's log.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { type Finding, type Verification, verifyJournal } from "../../knowledge/index.ts";
import type { Store } from "../../model/index.ts";
import { openSqliteStore, readAuditKey, sqliteFormat } from "../../platform/index.ts";
import { readAnchors } from "../anchors.ts";
import type { Run } from "../command.ts";

export const audit: Run = async ({ place, out }) => {
  const { dataPath } = place;
  const storePath = join(dataPath, "soulmirror.db");
  const keyPath = join(dataPath, "audit.key");
  for (const path of [storePath, keyPath]) if (!existsSync(path)) throw missing(path);
  await mustBeCurrent(storePath);
  const mac = await readAuditKey(keyPath);
  // Before the store: what is written meanwhile has no anchor that would be missed.
  const anchors = readAnchors(join(dataPath, "logs"));
  const store = await openSqliteStore(storePath);
  const verification = await verify(store, () => verifyJournal(store, mac, anchors));
  const { proven, from, to, lost, finding } = verification;
  if (finding) throw broken(finding, proven);
  out.show({ intact: true, proven, from, to, lost, anchors: anchors.length }, (style) => {
    if (to === undefined) return "The journal is empty.";
    const range = `entries ${from} to ${to}, ${proven} proven, ${anchors.length} anchors`;
    const gap = lost > 0 ? `\n${lost} entries were lost, as the journal itself says.` : "";
    return `${style.paint("green", "The journal is as it was written")}: ${range}.${gap}`;
  });
  return 0;
};

/** An entry that cannot even be read was not written by us. */
async function verify(store: Store, read: () => Promise<Verification>): Promise<Verification> {
  try {
    return await read();
  } catch (error) {
    const what = `an entry cannot be read: ${messageOf(error)}`;
    return { proven: 0, lost: 0, finding: { kind: "edited", position: 0, what } };
  } finally {
    await store.close();
  }
}

async function mustBeCurrent(storePath: string): Promise<void> {
  const { version, latest } = await sqliteFormat(storePath);
  if (version === latest) return;
  const message = `the store has format ${version}, its journal is read in format ${latest}`;
  throw new SoulMirrorError("CONFLICT", message, { fix: "run `soulmirror db up` first" });
}

function missing(path: string): SoulMirrorError {
  return new SoulMirrorError("NOT_FOUND", `there is no ${path}`, {
    fix: "name the data directory with --data DIR",
  });
}

function broken(finding: Finding, proven: number): SoulMirrorError {
  const message = `${finding.what} (${finding.kind}); ${proven} entries before it are proven`;
  return new SoulMirrorError("AUDIT_BROKEN", message, {
    fix: "keep a copy of the data directory as evidence, and compare with a backup of the store",
  });
}
