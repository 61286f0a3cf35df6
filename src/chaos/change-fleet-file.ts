/**
 * Changes one value of the fleet file, as a person with an editor would: comments stay, the file
 * is replaced whole. The old bytes lie beside the data until they are put back.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { replaceFile } from "../system/index.ts";
import type { Injection, Scene } from "./fault.ts";
import { strike } from "./strike.ts";
import { sha256 } from "./undo-recipe.ts";

export interface FleetChange {
  /** Keys from the top: `["services", "trust-engine", "env", "LEDGER"]`. */
  readonly path: readonly string[];
  readonly value: string;
  readonly proof?: Injection["proof"];
}

export async function changeFleetFile(scene: Scene, change: FleetChange): Promise<Injection> {
  const path = scene.fleetFile;
  const original = readFileSync(path);
  const document = parseDocument(original.toString("utf8"));
  document.setIn(change.path, change.value);
  const changed = document.toString();
  const backup = join(scene.dataDirectory, "drill-fleet-backup");
  replaceFile(backup, original);
  return strike(scene, {
    undo: [{ kind: "restore", path, backup, changedSha256: sha256(changed) }],
    land() {
      replaceFile(path, changed, { mode: statSync(path).mode & 0o777 });
      return `${change.path.join(".")}: ${change.value}`;
    },
    ...(change.proof === undefined ? {} : { proof: change.proof }),
  });
}
