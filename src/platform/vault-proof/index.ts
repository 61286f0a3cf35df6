/**
 * What a vault proves, as files in a folder of its own: the key that signs, the audit trail with
 * its head, and drill reports. What they say and how it is verified is the business of `vault`.
 */
export { hasTrail, openAuditTrail } from "./audit-trail.ts";
export { checkProof } from "./check-proof.ts";
export { type ReportPlace, writeReport } from "./drill-reports.ts";
export { openProofKey, publicKeyIn } from "./proof-key.ts";
export { RestoreReportFile } from "./restore-report-file.ts";
export { leaveEntry } from "./waiting-entries.ts";
