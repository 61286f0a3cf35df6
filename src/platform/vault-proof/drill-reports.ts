/** Drill reports as files, one each, named by their time and the beginning of their hash. */
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { JsonRecord } from "../../kernel/index.ts";
import { syncFolder, writeDurably } from "../../system/index.ts";
import {
  type DrillReport,
  type NamedReport,
  type Signer,
  sha256Of,
  signReport,
} from "../../vault/index.ts";
import type { AuditTrail } from "./audit-trail.ts";

const folderName = "drills";
/** A report is a few hundred bytes; what is longer is none. */
const reportBytesMax = 65_536;

export interface ReportPlace {
  readonly folder: string;
  readonly signer: Signer;
  readonly trail: AuditTrail;
}

/** The report first, then its entry in the trail: nothing is named that is not there. */
export async function writeReport(
  { folder, signer, trail }: ReportPlace,
  report: Omit<DrillReport, "trail">,
): Promise<NamedReport> {
  const text = signReport({ ...report, trail: trail.end }, signer);
  const hash = sha256Of(text);
  const name = `${new Date(report.drilledAt).toISOString().replaceAll(/[:.]/g, "-")}-${hash.slice(0, 8)}.json`;
  const reports = join(folder, folderName);
  await mkdir(reports, { recursive: true, mode: 0o700 });
  await syncFolder(folder);
  await writeDurably(join(reports, name), text, { mode: 0o644 });
  await trail.append("drill", factsOf(report, hash));
  return { name, text };
}

function factsOf(report: Omit<DrillReport, "trail">, hash: string): JsonRecord {
  const { snapshot, location, scope, files, differing, missing, manifest } = report;
  return { report: hash, snapshot, location, scope, files, differing, missing, manifest };
}

/** The newest ones: with one a day, those of 27 years. */
export async function readReports(
  folder: string,
  reportsMax = 10_000,
): Promise<readonly NamedReport[]> {
  const reports = join(folder, folderName);
  const names = await readdir(reports).catch(() => []);
  const ours = names.filter((name) => name.endsWith(".json")).toSorted();
  const newest = ours.slice(-reportsMax);
  const read: NamedReport[] = [];
  for (const name of newest) {
    const path = join(reports, name);
    const isShort = (await stat(path)).size <= reportBytesMax;
    read.push({ name, text: isShort ? await readFile(path, "utf8") : "" });
  }
  return read;
}
