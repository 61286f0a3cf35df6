/** `soulmirror vault restore`: a snapshot, or parts of it, below a folder; `/` is into place. */
import { resolve } from "node:path";
import { recordInVault, vaultFolder } from "../../custodian/index.ts";
import { errorTable, formatBytes, SoulMirrorError } from "../../kernel/index.ts";
import { RestoreThreads } from "../../platform/restore/index.ts";
import { rawPathOfText, restore as restoreParts, textOfRawPath } from "../../vault/index.ts";
import { plainText } from "../plain-text.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { ProgressBar } from "./progress-bar.ts";
import { partsMeant, reading, snapshotMeant } from "./reading.ts";

const usualThreads = 4;
const overwrites = ["never", "not-newer", "always"] as const;

export const restore = interruptible(async (context, signal) => {
  const { options, out, place } = context;
  const spec = chosenVault(context);
  const written = options.text("target");
  if (written === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", "where to is not said", {
      fix: "add --target FOLDER; --target / restores into place",
    });
  }
  const overwrite = overwriteOf(options.text("overwrite") ?? "not-newer");
  const target = resolve(written);
  return await reading(context, { spec, signal }, async ({ opened, session, snapshots }) => {
    const { id, paths, tree } = snapshotMeant(snapshots, options);
    const parts = partsMeant(options, spec, paths);
    using bar = new ProgressBar(id.slice(0, 8), out);
    await using threads = new RestoreThreads({
      keys: opened.keys,
      root: rawPathOfText(target),
      overwrite,
      threads: spec.limits.threads ?? usualThreads,
      warn: (text) => out.note(`warning: ${text}`),
    });
    const { stopped, tally } = await restoreParts(session, {
      tree,
      parts,
      target: threads,
      reads: options.has("verify"),
      removesOthers: options.has("delete"),
      onFailure: (path, reason) =>
        out.note(plainText(`not restored: ${textOfRawPath(path)}: ${reason}`)),
      onProgress: ({ files, sizeBytes }) =>
        bar.show({ files, bytes: sizeBytes, expectedBytes: undefined }),
    });
    const figures = { snapshot: id, target, ...tally, stopped: stopped ?? "" };
    await recordInVault(vaultFolder(place.dataPath, spec.name), "restored", figures);
    const isWhole = tally.failed === 0 && stopped === undefined;
    if (out.isJson) out.write(JSON.stringify({ kind: "result", vault: spec.name, ...figures }));
    else {
      const { failed, files, kept, present, sizeBytes } = tally;
      out.write(
        `Restored ${id.slice(0, 8)} to ${target}: ${files} files (${formatBytes(sizeBytes)}), ${present} were there, ${kept} left as they are, ${failed} failed.`,
      );
      if (stopped !== undefined) out.note(`It ended early: ${stopped}`);
    }
    return isWhole ? 0 : errorTable.LOCATION_FAILED.exitCode;
  });
});

function overwriteOf(written: string): (typeof overwrites)[number] {
  const found = overwrites.find((each) => each === written);
  if (found !== undefined) return found;
  throw new SoulMirrorError("BAD_REQUEST", `--overwrite is one of ${overwrites.join(", ")}`);
}
