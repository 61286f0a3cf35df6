/**
 * `soulmirror vault proof`: is the audit trail whole, what has a drill proven to be restorable, and
 * are the reports of restores true?
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { vaultFolderPath } from "../../custodian/index.ts";
import { errorTable, formatBytes, SoulMirrorError } from "../../kernel/index.ts";
import { checkProof, publicKeyIn } from "../../platform/vault-proof/index.ts";
import { readPlainFile } from "../../system/index.ts";
import { type ProofVerification, proofFaults } from "../../vault/index.ts";
import type { Run } from "../command.ts";
import { counted } from "../counted.ts";
import type { Style } from "../style.ts";
import { chosenVault } from "./chosen-vault.ts";

export const proof: Run = async (context) => {
  const { options, out, place } = context;
  const named = options.text("folder");
  const folder = named ?? vaultFolderPath(place.dataPath, chosenVault(context).name);
  const keyFile = options.text("key") ?? join(folder, "vault-proof.pub");
  if (!existsSync(keyFile)) {
    throw new SoulMirrorError("NOT_FOUND", `there is no public key ${keyFile}`, {
      fix: "name it with --key, and the folder of the proof with --folder",
    });
  }
  const key = publicKeyIn(readPlainFile(keyFile));
  if (key === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", `${keyFile} is no public key (Ed25519)`);
  }
  const verified = await checkProof(folder, key);
  out.show({ folder, ...verified }, (style) => tell(verified, style));
  return verified.isWhole ? 0 : errorTable.AUDIT_BROKEN.exitCode;
};

function headOf(points: number, isWhole: boolean): string {
  if (points === 0) return "No drill has proven a restore yet.";
  if (isWhole) return "Proven to be restorable:";
  return "Signed reports of drills say so, and a broken proof does not bear them out:";
}

function tell(verified: ProofVerification, style: Style): string {
  const { isWhole, lastProven, restores, trail, waiting } = verified;
  const points = lastProven.map(({ report, source }) => {
    const at = new Date(report.snapshotAt).toISOString();
    return `  ${source}: as of ${at}, restored from ${report.location}`;
  });
  return [
    isWhole
      ? `${style.paint("green", "The proof is whole")}: ${trail.proven} entries, each as it was signed.`
      : style.paint("red", "The proof is broken:"),
    ...proofFaults(verified).map((fault) => `  ${fault}`),
    ...(waiting === 0 ? [] : [`Entries that wait for their place in the trail: ${waiting}.`]),
    headOf(points.length, isWhole),
    ...points,
    ...(restores.length === 0 ? [] : ["Restores that were read back, each file by its hash:"]),
    ...restores.map(
      ({ files, name, sizeBytes }) =>
        `  ${name}: ${counted(files, "file")} (${formatBytes(sizeBytes)})`,
    ),
  ].join("\n");
}
