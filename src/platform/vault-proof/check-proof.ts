import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProofVerification, verifyProof } from "../../vault/index.ts";
import { headName, trailName } from "./audit-trail.ts";
import { readReports } from "./drill-reports.ts";
import { readRestoreReports } from "./restore-report-file.ts";
import { readTrail } from "./trail-lines.ts";
import { readNotes } from "./waiting-entries.ts";

/**
 * What the files of a proof show, wherever they were copied to; nothing else is asked, and nothing
 * is written.
 *
 * @param publicKey 32 bytes in base64, as `publicKeyIn` reads them
 */
export async function checkProof(folder: string, publicKey: string): Promise<ProofVerification> {
  const reports = await readReports(folder);
  const head = await readFile(join(folder, headName), "utf8").catch(() => undefined);
  return await verifyProof({
    publicKey,
    trail: readTrail(join(folder, trailName)),
    head,
    reports,
    notes: await readNotes(folder),
    restores: readRestoreReports(folder),
  });
}
