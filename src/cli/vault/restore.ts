/** `soulmirror vault restore`: a snapshot, or parts of it, below a folder; `/` is into place. */
import { resolve } from "node:path";
import { type Restored, restoreVault, vaultFolder } from "../../custodian/index.ts";
import { errorTable, SoulMirrorError } from "../../kernel/index.ts";
import { textOfRawPath } from "../../vault/index.ts";
import type { Output } from "../output.ts";
import { plainText } from "../plain-text.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { nothingMatches } from "./nothing-matches.ts";
import { withProgress } from "./progress-bar.ts";
import { partsMeant, pathOf, reading, snapshotMeant } from "./reading.ts";
import { restoreStream } from "./restore-stream.ts";
import { tellDatabases } from "./tell-databases.ts";
import { type RestoreWords, tellRestored } from "./tell-restored.ts";

const overwrites = ["never", "not-newer", "always"] as const;

export const restore = interruptible(async (context, signal) => {
  const { options, out, place } = context;
  const spec = chosenVault(context);
  const stream = options.text("stream");
  if (stream !== undefined) return await restoreStream(context, spec, { stream, signal });
  const written = options.text("target");
  if (written === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", "where to is not said", {
      fix: "add --target FOLDER; --target / restores into place",
    });
  }
  const words = {
    overwrite: overwriteOf(options.text("overwrite") ?? "not-newer"),
    isVerified: options.has("verify") || options.has("proof"),
    removes: options.has("delete"),
  };
  const { overwrite } = words;
  const target = resolve(written);
  return await reading(context, { spec, signal }, async ({ opened, session, snapshots }) => {
    const snapshot = snapshotMeant(snapshots, context);
    const restored = await withProgress(snapshot.id.slice(0, 8), out, (onProgress) =>
      restoreVault(session, {
        opened,
        snapshot,
        parts: partsMeant(options, spec, snapshot.paths),
        folder: vaultFolder(place.dataPath, spec.name),
        target,
        overwrite,
        threads: spec.limits.threads,
        reads: options.has("verify"),
        isProven: options.has("proof"),
        dumps: spec.dumps,
        removesOthersOf: options.has("delete")
          ? { ...spec, dataFolder: place.dataPath }
          : undefined,
        onNotice: (text) => out.note(text),
        onFailure: (path, reason) =>
          out.note(plainText(`not restored: ${textOfRawPath(path)}: ${reason}`)),
        onProgress,
        isEstimated: out.progressKind !== "lines",
      }),
    );
    if (isNothing(restored)) {
      throw await nothingMatches(session, { snapshots, snapshot, path: pathOf(options) });
    }
    const isWhole = restored.failed === 0 && restored.stopped === "";
    const exitCode = isWhole ? 0 : errorTable.LOCATION_FAILED.exitCode;
    if (out.isJson) {
      out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode, ...restored }));
    } else tell(restored, words, out);
    return exitCode;
  });
});

function isNothing({ failed, files, folders, kept, present, removed, stopped }: Restored): boolean {
  return stopped === "" && failed + files + folders + kept + present + removed === 0;
}

function tell(restored: Restored, words: RestoreWords, out: Output): void {
  const { report, stopped } = restored;
  out.write(tellRestored(restored, words));
  for (const line of tellDatabases(restored)) out.write(line);
  if (report !== "") out.write(`Its report: ${report}; \`soulmirror vault proof\` verifies it.`);
  if (stopped !== "") out.note(`It ended early: ${stopped}`);
}

function overwriteOf(written: string): (typeof overwrites)[number] {
  const found = overwrites.find((each) => each === written);
  if (found !== undefined) return found;
  throw new SoulMirrorError("BAD_REQUEST", `--overwrite is one of ${overwrites.join(", ")}`);
}
