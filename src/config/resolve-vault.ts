/** A vault, from what people write to what the agent reads. */
import { dumpOf, scheduleOf, streamOf } from "./resolve-databases.ts";
import { homePathOf, isInside, locationsOf } from "./resolve-locations.ts";
import { bytesOf, complain, listOf, msOf, type Scope } from "./resolve-scope.ts";
import type { WrittenVault } from "./schema-vaults.ts";
import { readSecret, type SecretPlace, sourceOf } from "./secret.ts";
import type { TreePath } from "./tree.ts";
import type { HealPolicy, VaultLocationSpec, VaultSpec } from "./vault-spec.ts";

export function resolveVault(scope: Scope, name: string, written: WrittenVault): VaultSpec {
  const path = ["vaults", name];
  const sources = sourcesOf(scope, [...path, "sources"], written);
  const at = [...path, "locations"];
  const locations = locationsOf(scope, at, { written: written.locations, sources });
  warnOfSpread(scope, at, locations);
  warnOfMany(scope, path, written);
  const heal = healOf(scope, path, written);
  if (Object.values(heal).every((policy) => policy === "leave")) {
    scope.warnings.push(
      `${path.join(".")}.categories: no category is to be restored or asked about, so nothing that is lost is put back`,
    );
  }
  learnPassphrase(scope, [...path, "passphrase"], written.passphrase);
  const { limits, drill } = written;
  return {
    name,
    sources,
    exclude: listOf(written.exclude),
    categories: Object.fromEntries(
      Object.entries(written.categories).map(([each, globs]) => [each, listOf(globs)]),
    ),
    locations,
    quorum: quorumOf(scope, path, written),
    passphrase: sourceOf(scope, written.passphrase),
    schedule: scheduleOf(written.schedule),
    watch: written.watch,
    keep: keepOf(written),
    heal,
    ...(drill === false ? {} : { drill: scheduleOf(drill) }),
    scrubMs: msOf(written.scrub),
    check: {
      fullWithinMs: msOf(written.check.full_within),
      bytesPerSecond: bytesOf(written.check.rate),
    },
    dumps: Object.fromEntries(
      Object.entries(written.dumps).map(([each, dump]) => [
        each,
        dumpOf(scope, [...path, "dumps", each], dump),
      ]),
    ),
    streams: Object.fromEntries(
      Object.entries(written.streams).map(([each, stream]) => [
        each,
        streamOf(scope, [...path, "streams", each], stream),
      ]),
    ),
    limits: {
      memoryBytes: bytesOf(limits.memory),
      ...(limits.threads === undefined ? {} : { threads: limits.threads }),
      ...(limits.upload_rate === undefined
        ? {}
        : { uploadBytesPerSecond: bytesOf(limits.upload_rate) }),
    },
  };
}

/**
 * Read now, so that it is masked everywhere. Services run without it: one that is missing is a
 * problem of who opens the vault, and told to everybody else.
 */
function learnPassphrase(scope: Scope, path: TreePath, written: SecretPlace): void {
  const source = sourceOf(scope, written);
  const found = readSecret(source, scope);
  if (found.ok) {
    scope.secrets.push(found.value.slice(source.prefix?.length ?? 0));
    return;
  }
  const fix = "env" in source ? `set ${source.env} or ${source.env}_FILE` : "write it there";
  scope.warnings.push(`${path.join(".")}: ${found.error}; nobody can open this vault: ${fix}`);
}

function sourcesOf(scope: Scope, path: TreePath, written: WrittenVault): readonly string[] {
  const list = listOf(written.sources);
  const found: string[] = [];
  if (list.length === 0) {
    complain(scope, path, { message: "there is no source", fix: "name at least one folder" });
  }
  for (const [index, each] of list.entries()) {
    const here = typeof written.sources === "string" ? path : [...path, index];
    const source = homePathOf(scope, here, each);
    if (source === undefined) continue;
    const other = found.find((known) => isInside(source, known) || isInside(known, source));
    if (other === undefined) {
      found.push(source);
      continue;
    }
    const message = `${source} and ${other} are one inside of the other, or the same`;
    complain(scope, here, { message, fix: "name the outer one alone" });
  }
  return found;
}

function quorumOf(scope: Scope, path: TreePath, { quorum, locations }: WrittenVault): number {
  const count = locations.length;
  if (quorum === undefined) return Math.min(2, count);
  if (quorum > count) {
    const has = count === 1 ? "there is 1 location" : `there are ${count} locations`;
    const message = `no backup could succeed: ${has}, and ${quorum} must hold it`;
    complain(scope, [...path, "quorum"], { message, fix: `write at most ${count}` });
  }
  return quorum;
}

function keepOf({ keep }: WrittenVault): VaultSpec["keep"] {
  const { within, ...counts } = keep;
  return { ...counts, withinMs: msOf(within) };
}

const snapshotsMany = 300;

/** Every tool that lists snapshots becomes slow behind a few hundred of them. */
function warnOfMany(scope: Scope, path: TreePath, { keep }: WrittenVault): void {
  const { within: _within, ...counts } = keep;
  const most = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (most <= snapshotsMany) return;
  scope.warnings.push(
    `${path.join(".")}.keep: these rules keep up to ${most} snapshots; more than ${snapshotsMany} make every look at the vault slow`,
  );
}

function warnOfSpread(scope: Scope, path: TreePath, locations: readonly VaultLocationSpec[]): void {
  const where = path.join(".");
  if (locations.length === 1) {
    scope.warnings.push(`${where}: there is one location, and nothing that could repair it`);
    return;
  }
  const regions = new Set(locations.map(({ region }) => region).filter((each) => each !== ""));
  if (regions.size >= 2) return;
  scope.warnings.push(
    `${where}: fewer than 2 regions are named; that one fire does not reach all locations cannot be shown`,
  );
}

/** What vanishes of these is missed at once; of other categories people decide. */
const usualHeal: Readonly<Record<string, HealPolicy>> = {
  critical: "restore",
  hidden: "restore",
  evidence: "ask",
};

function healOf(scope: Scope, path: TreePath, written: WrittenVault): VaultSpec["heal"] {
  const known = Object.keys(written.categories);
  for (const category of Object.keys(written.heal)) {
    if (known.includes(category)) continue;
    const says = known.length === 0 ? "none is declared" : `declared: ${known.join(", ")}`;
    complain(scope, [...path, "heal", category], {
      message: `there is no category "${category}" (${says})`,
      fix: "declare it below `categories`",
      at: "key",
    });
  }
  return Object.fromEntries(
    known.map((each) => [each, written.heal[each] ?? usualHeal[each] ?? "leave"]),
  );
}
