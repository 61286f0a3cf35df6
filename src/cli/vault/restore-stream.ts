/** `soulmirror vault restore --stream`: a database as it was at a moment, ready to be started. */
import { resolve } from "node:path";
import type { VaultSpec } from "../../config/index.ts";
import { momentOf, restoreStream as restoreMoment, vaultFolder } from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Context } from "../command.ts";
import { plainLines } from "../plain-text.ts";
import { withProgress } from "./progress-bar.ts";
import { reading } from "./reading.ts";

export async function restoreStream(
  context: Context,
  spec: VaultSpec,
  { signal, stream }: { readonly stream: string; readonly signal: AbortSignal },
): Promise<number> {
  const { options, out, place } = context;
  const [written, to] = [options.text("target"), options.text("to")];
  if (written === undefined || to === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", "a stream is restored to a moment, into a folder", {
      fix: "add --to '2026-11-20 14:00' (or latest) and --target FOLDER",
    });
  }
  const atMs = to === "latest" ? undefined : momentOf(to);
  return await reading(context, { spec, signal }, async ({ opened, session, snapshots }) => {
    const restored = await withProgress(stream, out, (onProgress) =>
      restoreMoment(
        { opened, session, snapshots },
        {
          vault: spec.name,
          stream,
          atMs,
          target: resolve(written),
          folder: vaultFolder(place.dataPath, spec.name),
          threads: spec.limits.threads,
          signal,
          onNotice: (text) => out.note(plainLines(text)),
          onProgress,
          isEstimated: out.progressKind !== "lines",
        },
      ),
    );
    if (out.isJson)
      out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode: 0, ...restored }));
    else {
      const { commands, snapshot, target } = restored;
      const at = new Date(restored.atMs).toISOString();
      out.write(`Restored ${stream} as of ${at} to ${target}, from ${snapshot.slice(0, 8)}.`);
      for (const each of commands) out.write(`  ${each}`);
    }
    return 0;
  });
}
