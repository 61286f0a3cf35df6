/** The agent of the demo's vault, in a process of its own: `node agent.ts TREE FLEET`. */
import { join } from "node:path";
import { mustReadFleet } from "../../src/cli/read-fleet.ts";
import { openingOf } from "../../src/cli/vault/chosen-vault.ts";
import { Agent } from "../../src/custodian/agent/agent.ts";
import { contentThreads } from "../../src/custodian/content-threads.ts";
import { openVault, VaultRecorder, vaultFolder } from "../../src/custodian/index.ts";
import { createAttributeReader, createTreeSource } from "../../src/platform/tree/index.ts";
import { compileCategories, type RawPath, rawPathOfText } from "../../src/vault/index.ts";

const [, , tree = "", path = ""] = process.argv;
const end = new AbortController();
const asked = new Promise<void>((resolve) => void process.once("SIGTERM", () => resolve()));
const spec = mustReadFleet({ path }).fleet.vaults["treasure"];
const categories = compileCategories(spec?.categories ?? {});
if (spec === undefined || !categories.ok) throw new Error("the fleet of the demo has no vault");
const folder = vaultFolder(join(path, "../.soulmirror"), spec.name);
await using opened = await openVault({ ...openingOf(spec), signal: end.signal });
await using recorder = new VaultRecorder(folder);
await using threads = contentThreads(opened, 2);
const categoryOf = (each: RawPath): string =>
  categories.value.of(each.slice(tree.length + 1) as RawPath)[0] ?? "";
await using _agent = await Agent.start({
  vault: opened.vault,
  leftOut: opened.leftOut,
  quorum: spec.quorum,
  dumps: spec.dumps,
  keep: spec.keep,
  vaultFolder: folder,
  sources: [rawPathOfText(tree)],
  source: createTreeSource(),
  threads,
  readAttributes: createAttributeReader({ warn: () => {} }),
  isExcluded: () => false,
  excludes: [],
  without: [],
  policyAt: (each) => spec.heal[categoryOf(each)] ?? "leave",
  isCritical: (each) => categoryOf(each) === "critical",
  folder: join(folder, "agent"),
  record: (kind, facts) => recorder.record(kind, facts),
});
await asked;
