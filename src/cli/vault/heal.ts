/** `soulmirror vault heal`: mends each location from what all of them hold together. */
import { dirname } from "node:path";
import type { VaultSpec } from "../../config/index.ts";
import { healVault, vaultFolder } from "../../custodian/index.ts";
import { nameOfAddress, parseLocationAddress, SoulMirrorError } from "../../kernel/index.ts";
import { isDamage, type RepairOutcome } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { withProgress } from "./progress-bar.ts";
import { tellFindings, tellLeft } from "./tell-findings.ts";
import { waiting } from "./waiting.ts";

export const heal = interruptible(
  waiting(async (context, signal) => {
    const { options, out, place } = context;
    const spec = chosenVault(context);
    const folder = vaultFolder(place.dataPath, spec.name);
    const mending = { refill: refillOf(options.text("refill"), spec, dirname(place.fleetPath)) };
    await using opened = await openChosen(context, spec, { signal, mending });
    const readsAll = options.has("readData");
    const outcome = await withProgress(spec.name, out, (onProgress) =>
      healVault({ opened, folder, signal, readsAll, onProgress }),
    );
    const exitCode = isHealed(outcome) ? 0 : 1;
    if (out.isJson) {
      out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode, ...outcome }));
    } else {
      out.write(tell(outcome, out.style));
      if (opened.leftOut.length > 0) {
        out.note(
          "A location that is empty is filled with --refill NAME, once its disk is mounted.",
        );
      }
    }
    return exitCode;
  }),
);

/** As the vault calls it, or as the fleet file does. */
function refillOf(
  wanted: string | undefined,
  { locations }: VaultSpec,
  folder: string,
): readonly string[] {
  if (wanted === undefined) return [];
  const names = locations.map(({ name }) => name);
  const read = parseLocationAddress(wanted, { folder, home: process.env["HOME"] });
  const meant = read.ok ? nameOfAddress(read.value) : wanted;
  const found = names.find((name) => name === wanted) ?? names.find((name) => name === meant);
  if (found !== undefined) return [found];
  throw new SoulMirrorError("BAD_REQUEST", `the vault has no location ${wanted}`, {
    fix: `its locations: ${names.join(", ")}`,
  });
}

function isHealed({ findings, left, lost, refusals }: RepairOutcome): boolean {
  return left.length + lost.length + refusals.length === 0 && !findings.some(isDamage);
}

function tell(outcome: RepairOutcome, style: Style): string {
  const { findings, left, lost, refusals, repairs } = outcome;
  const made = [...Map.groupBy(repairs, ({ location }) => location)];
  const lostBlobs = lost.reduce((sum, { blobs }) => sum + blobs, 0);
  const first =
    repairs.length === 0
      ? "There was nothing that could be mended"
      : `${counted(repairs.length, "file")} mended`;
  return [
    isHealed(outcome)
      ? style.paint("green", repairs.length === 0 ? "Nothing was to be mended." : `${first}.`)
      : style.paint("red", `${first}; not all is well:`),
    ...made.map(([location, files]) => plainLines(`  ${location}: ${files.length}`)),
    ...refusals.map(({ id, kind, location, reason }) =>
      plainLines(`refused by ${location}: ${kind} ${id.slice(0, 16)}: ${reason}`),
    ),
    ...(lostBlobs > 0
      ? [
          style.paint(
            "red",
            `${counted(lostBlobs, "piece")} of content lost at every location: back up again, which stores what the sources still have`,
          ),
        ]
      : []),
    ...tellFindings(findings.filter(isDamage), { style }),
    ...tellLeft(left, style),
  ].join("\n");
}
