/**
 * Extended attributes, ACLs among them, for which Node has no call: read by getfattr, many files a
 * process. It is asked about what is new or has another ctime only; the caller knows which.
 *
 * Paths reach it through xargs: as arguments of ours they would have to be UTF-8.
 */
import { Buffer } from "node:buffer";
import type {
  AttributesRead,
  ExtendedAttribute,
  RawPath,
  ReadAttributes,
  SourceFailure,
} from "../../vault/index.ts";
import { parseComplaints, parseDump } from "./attribute-dump.ts";
import { runProgram } from "./run-program.ts";

export interface AttributeReaderOptions {
  /**
   * Called once in the reader's life, when attributes cannot be read at all; a run has a reader.
   */
  readonly warn: (message: string) => void;
  readonly pathsPerBatchMax?: number;
  readonly program?: string;
}

/** What xargs ends with when it does not find what it is to run, and when that complained. */
const [missingStatus, complainedStatus] = [127, 123];

export function createAttributeReader({
  warn,
  pathsPerBatchMax = 10_000,
  program = "getfattr",
}: AttributeReaderOptions): ReadAttributes {
  let isMissing = false;
  const words = [program, "--absolute-names", "-h", "-d", "-m", "-", "-e", "base64", "--"];

  async function readBatch(paths: readonly RawPath[]): Promise<AttributesRead> {
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
    const end = await runProgram({ command: "xargs", args: ["-0", "-r", ...words], input });
    if (end.kind === "missing" || (end.kind === "ended" && end.status === missingStatus)) {
      isMissing = true;
      warn(`extended attributes and ACLs are left out: ${program} is missing (package attr)`);
      return { attributes: new Map(), failures: [] };
    }
    if (end.kind === "broken" || (end.status !== 0 && end.status !== complainedStatus)) {
      return { attributes: new Map(), failures: paths.map((path) => ({ path, code: "EIO" })) };
    }
    const { found, failures } = parseDump(end.out);
    // A file system that knows no attributes has none.
    const complaints = parseComplaints(end.err).filter(({ code }) => code !== "ENOTSUP");
    return { attributes: found, failures: [...failures, ...complaints] };
  }

  return async (paths) => {
    const attributes = new Map<RawPath, readonly ExtendedAttribute[]>();
    const failures: SourceFailure[] = [];
    for (let at = 0; at < paths.length && !isMissing; at += pathsPerBatchMax) {
      const batch = await readBatch(paths.slice(at, at + pathsPerBatchMax));
      for (const [path, found] of batch.attributes) attributes.set(path, found);
      for (const failure of batch.failures) failures.push(failure);
    }
    return { attributes, failures };
  };
}
