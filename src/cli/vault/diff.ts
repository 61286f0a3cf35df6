/** `soulmirror vault diff`: what is different in two snapshots, one path a line. */
import { errorTable, SoulMirrorError } from "../../kernel/index.ts";
import { compareSnapshots, textOfRawPath } from "../../vault/index.ts";
import { plainText } from "../plain-text.ts";
import { chosenVault } from "./chosen-vault.ts";
import { interruptible } from "./interruptible.ts";
import { reading, snapshotMeant } from "./reading.ts";

const signs = { added: "+", removed: "-", content: "M", metadata: "U", damaged: "!" } as const;

export const diff = interruptible(async (context, signal) => {
  const { options, out } = context;
  const spec = chosenVault(context);
  return await reading(context, { spec, signal }, async ({ session, snapshots }) => {
    const to = snapshotMeant(snapshots, options, options.text("to"));
    const before = snapshots[snapshots.findIndex(({ id }) => id === to.id) - 1];
    const from =
      options.text("from") === undefined
        ? before
        : snapshotMeant(snapshots, options, options.text("from"));
    if (from === undefined) {
      throw new SoulMirrorError("NOT_FOUND", "there is no snapshot before that one", {
        fix: "name one with --from",
      });
    }
    let exitCode = 0;
    for await (const each of compareSnapshots(session, [from.tree, to.tree])) {
      const path = textOfRawPath(each.path);
      if (each.kind === "damaged") exitCode = errorTable.VAULT_DAMAGED.exitCode;
      if (out.isJson) out.write(JSON.stringify({ kind: each.kind, path }));
      else out.write(plainText(`${signs[each.kind]} ${path}`));
    }
    return exitCode;
  });
});
