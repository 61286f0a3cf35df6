/** `soulmirror vault drill`: a real restore into a scratch folder, compared byte for byte. */
import { runDrill, vaultFolder } from "../../custodian/index.ts";
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import type { DrillOutcome } from "../../vault/index.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { withProgress } from "./progress-bar.ts";
import { reading, snapshotMeant } from "./reading.ts";
import { waiting } from "./waiting.ts";

/** Of a location that failed; `--json` has all. */
const shownMax = 10;

export const drill = interruptible(
  waiting(async (context, signal) => {
    const { out, place } = context;
    const spec = chosenVault(context);
    const folder = vaultFolder(place.dataPath, spec.name);
    return await reading(context, { spec, signal }, async ({ session, snapshots }) => {
      const snapshot = snapshotMeant(snapshots, context);
      const drilled = await withProgress(spec.name, out, (onProgress) =>
        runDrill(session, { spec, snapshot, folder, onProgress }),
      );
      const exitCode = drilled.every(({ isProven }) => isProven) ? 0 : 1;
      if (out.isJson) {
        out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode, drilled }));
      } else {
        for (const each of drilled) out.write(tell(each, out.style));
        out.write(`Signed reports: ${folder}/drills; \`soulmirror vault proof\` verifies them.`);
      }
      return exitCode;
    });
  }),
);

function tell(drilled: DrillOutcome & { readonly isProven: boolean }, style: Style): string {
  const { elapsedMs, files, findings, isProven, location, scope, sizeBytes } = drilled;
  const took = formatDuration(Math.max(1, Math.round(elapsedMs)));
  const part = scope === "part" ? ", a sample" : "";
  const figures = `${files} files (${formatBytes(sizeBytes)}${part}) restored and compared in ${took}`;
  const hidden = findings.length - shownMax;
  return [
    isProven
      ? `${style.paint("green", "Proven")}: ${plainLines(location)}: ${figures}, not a byte differs; ${drilled.comparedFiles} of them as the source has them now`
      : `${style.paint("red", "Not proven")}: ${plainLines(location)}: ${figures}; ${drilled.differing} differ, ${drilled.missing} could not be restored (${drilled.differingBytes} bytes)`,
    ...findings
      .slice(0, shownMax)
      .map(({ path, reason }) => plainLines(`${path}: ${reason}`, "  ")),
    ...(hidden > 0 ? [`  and ${hidden} more: see --json`] : []),
  ].join("\n");
}
