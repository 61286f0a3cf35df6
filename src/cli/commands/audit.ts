/**
 * Has the journal been edited, reordered or cut since it was written, and do the tables that are
 * derived from it say the same? Proven offline: from the store with its checkpoint, what waits for
 * it in the emergency file, the key of the data directory, and the anchors in the daemon's log.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import {
  type Anchor,
  type Finding,
  type HeldVerification,
  type Mac,
  type Verification,
  verifyCheckpoint,
  verifyHeld,
  verifyJournal,
} from "../../knowledge/index.ts";
import type { SealedEntry } from "../../model/index.ts";
import {
  type AuditedStore,
  openAuditedStore,
  readAuditKey,
  readEmergencyFile,
} from "../../platform/index.ts";
import { ownSparePath } from "../../system/index.ts";
import { readAnchors } from "../anchors.ts";
import type { Run } from "../command.ts";

export const audit: Run = async ({ place, out }) => {
  const { dataPath } = place;
  const storePath = join(dataPath, "soulmirror.db");
  const keyPath = join(dataPath, "audit.key");
  for (const path of [storePath, keyPath]) if (!existsSync(path)) throw missing(path);
  const mac = await readAuditKey(keyPath);
  // Before the store: what is written meanwhile has no anchor that would be missed.
  const anchors = readAnchors(join(dataPath, "logs"));
  // Before the store as well: what goes over to it meanwhile is known by its id.
  const spare = ownSparePath(dataPath, "journal");
  const held = spare === undefined ? undefined : await readEmergencyFile(spare);
  await using opened = new AsyncDisposableStack();
  const audited = opened.adopt(await openAuditedStore(storePath), (each) => each.close());
  const store = new Watched(audited, held?.entries ?? []);
  const { proven, from, to, lost, finding } = await readable(() => verifyAll(store, mac, anchors));
  if (finding) throw broken(finding, proven);
  const aside = store.verifyHeld(mac);
  if (aside.finding) throw broken(aside.finding, proven + aside.proven);
  const { waiting } = aside;
  const tables = await audited.verifyTables((to ?? 0) - proven + 1);
  if (tables.finding !== undefined) throw untrue(tables.finding, tables.wrong);
  const { rows, older } = tables;
  const journal = { proven, from, to, lost, waiting, anchors: anchors.length };
  out.show({ intact: true, ...journal, rows, older }, (style) => {
    if (to === undefined && waiting === 0) return "The journal is empty.";
    const range = `entries ${from ?? 0} to ${to ?? 0}, ${proven} proven, ${anchors.length} anchors`;
    const gap = lost > 0 ? `\n${lost} entries were lost, as the journal itself says.` : "";
    const more = tellHeld(aside);
    const past = older > 0 ? `; ${older} are older than it, and not proven` : "";
    const same = `\nThe tables say the same: ${rows} rows${past}.`;
    return `${style.paint("green", "The journal is as it was written")}: ${range}.${gap}${more}${same}`;
  });
  return 0;
};

async function verifyAll(
  store: Watched,
  mac: Mac,
  anchors: readonly Anchor[],
): Promise<Verification> {
  const journal = await verifyJournal(store, mac, anchors);
  const checkpoint = await store.store.loadCheckpoint();
  const { from, to } = journal;
  const finding = verifyCheckpoint(checkpoint, { mac, from, to });
  return finding && !journal.finding ? { ...journal, finding } : journal;
}

function tellHeld({ waiting, proven, lost }: HeldVerification): string {
  if (waiting === 0) return "";
  const gap = lost > 0 ? `; ${lost} before them are lost, which the journal will tell` : "";
  return `\n${waiting} entries wait in the emergency file for the store, ${proven} proven${gap}.`;
}

/** The store, read once, and which of the held entries it turns out to have. */
class Watched {
  readonly store: AuditedStore;
  readonly #held: readonly SealedEntry[];
  readonly #ids: ReadonlySet<string>;
  readonly #known = new Set<string>();
  #end: SealedEntry | undefined;

  constructor(store: AuditedStore, held: readonly SealedEntry[]) {
    this.store = store;
    this.#held = held;
    this.#ids = new Set(held.map(({ id }) => id));
  }

  async read(from: number, limit: number): Promise<readonly SealedEntry[]> {
    const page = await this.store.read(from, limit);
    for (const { id } of page) if (this.#ids.has(id)) this.#known.add(id);
    this.#end = page.at(-1) ?? this.#end;
    return page;
  }

  verifyHeld(mac: Mac): HeldVerification {
    return verifyHeld(this.#held, { mac, end: this.#end, known: this.#known });
  }
}

/** An entry that cannot even be read was not written by us. */
async function readable(read: () => Promise<Verification>): Promise<Verification> {
  try {
    return await read();
  } catch (error) {
    const what = `an entry cannot be read: ${messageOf(error)}`;
    return { proven: 0, lost: 0, finding: { kind: "edited", position: 0, what } };
  }
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

/** The journal is true, and a table is not. */
function untrue(what: string, wrong: number): SoulMirrorError {
  const more = wrong > 1 ? `; ${wrong - 1} more rows are wrong` : "";
  const message = `the journal is as it was written, but the store says otherwise: ${what}${more}`;
  return new SoulMirrorError("AUDIT_BROKEN", message, {
    fix: "keep a copy of the data directory as evidence; what the journal says is true",
  });
}
