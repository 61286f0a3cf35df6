/** `soulmirror vault diff`: what is different in two snapshots, one path a line. */
import { pairOf } from "../../custodian/index.ts";
import { errorTable } from "../../kernel/index.ts";
import { compareSnapshots, textOfRawPath } from "../../vault/index.ts";
import { shownName } from "../shown-name.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { reading } from "./reading.ts";

const signs = { added: "+", removed: "-", content: "M", metadata: "U", damaged: "!" } as const;

export const diff = interruptible(async (context, signal) => {
  const { options, out } = context;
  const spec = chosenVault(context);
  return await reading(context, { spec, signal }, async ({ session, snapshots }) => {
    const [from, to] = pairOf(snapshots, { from: options.text("from"), to: options.text("to") });
    let exitCode = 0;
    for await (const each of compareSnapshots(session, [from, to])) {
      if (each.kind === "damaged") exitCode = errorTable.VAULT_DAMAGED.exitCode;
      if (out.isJson)
        out.write(JSON.stringify({ kind: each.kind, path: textOfRawPath(each.path) }));
      else out.write(`${signs[each.kind]} ${shownName(each.path)}`);
    }
    return exitCode;
  });
});
