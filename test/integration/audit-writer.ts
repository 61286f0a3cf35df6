/**
 * Appends to an audit trail until it is killed, or the disk is full: `audit-writer.ts FOLDER`. For
 * each line that is on the disk it says its sequence; for the first that is not, why.
 */
import { writeSync } from "node:fs";
import { openAuditTrail, openProofKey } from "../../src/platform/vault-proof/index.ts";

const [, , folder = ""] = process.argv;
const { signer } = await openProofKey(folder);
await using trail = await openAuditTrail({ folder, signer, now: Date.now });
for (let files = 0; files < 100_000; files += 1) {
  try {
    const { sequence } = await trail.append("backup", { files });
    writeSync(1, `${sequence}\n`);
  } catch (error) {
    writeSync(1, `${String(error)}\n`);
    break;
  }
}
