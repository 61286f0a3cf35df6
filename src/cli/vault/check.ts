/** `soulmirror vault check`: is each location what it should be? Changes nothing there. */
import { checkVault, vaultFolder } from "../../custodian/index.ts";
import { formatBytes } from "../../kernel/index.ts";
import { type CheckOutcome, isDamage } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import { chosenVault, openChosen } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { withProgress } from "./progress-bar.ts";
import { type FindingWords, tellFindings, tellLeft } from "./tell-findings.ts";

export const check = interruptible(async (context, signal) => {
  const { options, out, place } = context;
  const spec = chosenVault(context);
  const folder = vaultFolder(place.dataPath, spec.name);
  await using opened = await openChosen(context, spec, { signal, mending: { refill: [] } });
  const outcome = await withProgress(spec.name, out, (onProgress) =>
    checkVault({
      opened,
      folder,
      signal,
      readsAll: options.has("readData"),
      onProgress,
      onNotice: (text) => out.note(`warning: ${text}`),
    }),
  );
  const exitCode = exitCodeOf(outcome);
  if (out.isJson) {
    out.write(JSON.stringify({ kind: "result", vault: spec.name, exitCode, ...outcome }));
  } else {
    const isRead = options.has("readData");
    out.write(tell(outcome, { style: out.style, isRead, isLong: options.has("long") }));
  }
  return exitCode;
});

/** As the help says. A pack that no index names is in nobody's way. */
function exitCodeOf({ findings, left }: CheckOutcome): number {
  if (findings.some(isDamage)) return 1;
  return left.length > 0 || findings.some(({ problem }) => problem === "behind") ? 3 : 0;
}

function tell(outcome: CheckOutcome, words: FindingWords): string {
  const { isLong = false, isRead = false, style } = words;
  const { bytesRead, findings, left, packsRead } = outcome;
  const damage = findings.filter(isDamage).length;
  const rest = isRead ? "" : "; the contents of files were not: --read-data reads them";
  const read = `${counted(packsRead, "pack")} read (${formatBytes(bytesRead)})${rest}`;
  return [
    damage > 0
      ? `${style.paint("red", `${counted(damage, "file")} damaged or missing`)}; ${read}`
      : `${style.paint("green", "No damage was found")}; ${read}`,
    ...tellFindings(findings, words),
    ...tellLeft(left, style),
    ...(findings.length > 1 && !isLong ? ["Each file on its own: --long."] : []),
    ...(damage > 0 ? ["`soulmirror vault heal` mends what any location still holds."] : []),
  ].join("\n");
}
