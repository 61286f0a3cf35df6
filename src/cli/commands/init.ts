/** A fleet file made of what is already said elsewhere; shown, or written with --write. */
import { statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { Run } from "../command.ts";
import { counted } from "../counted.ts";
import { isKnownFile, lookAround } from "../init/looking-around.ts";

export const init: Run = async ({ args, options, out }) => {
  const named = resolve(args[0] ?? ".");
  const stat = statSync(named, { throwIfNoEntry: false });
  if (stat === undefined) throw new SoulMirrorError("NOT_FOUND", `there is no ${named}`);
  const folder = stat.isDirectory() ? named : dirname(named);
  const seen = await lookAround({ folder, ...(stat.isDirectory() ? {} : fileOf(named)) });
  const path = join(folder, "soulmirror.yaml");
  const writes = options.has("write");
  if (writes) writeNew(path, seen.text);
  out.show({ ...seen, ...(writes ? { written: path } : {}) }, (style) => {
    const { found, services, resources, unmapped } = seen;
    const from = found.length > 0 ? found.join(", ") : "nothing that it knows";
    const lines = [writes ? `${style.paint("green", `${path} is written`)}.` : seen.text.trimEnd()];
    const told = [
      `Found ${from}; ${counted(services.length, "service")}, ${counted(resources.length, "other resource")}.`,
      ...unmapped.map(({ source, key, why }) => `not taken over: ${source}: ${key}: ${why}`),
      writes
        ? "Look at it, then: soulmirror validate && soulmirror up"
        : `Nothing was written; \`${["soulmirror init", ...args.flatMap((arg) => arg ?? []), "--write"].join(" ")}\` does it.`,
    ];
    for (const line of told) out.note(line);
    return lines.join("\n");
  });
  return 0;
};

function fileOf(path: string): { readonly file: string } {
  const file = basename(path);
  if (isKnownFile(file)) return { file };
  throw new SoulMirrorError("BAD_REQUEST", `nothing is known that could be taken from ${file}`, {
    fix: "name a folder, a package.json, a Procfile, a PM2 ecosystem file or a compose file",
  });
}

/** Never over a file that is there: somebody may have written it by hand. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o644 });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    const message = isThere ? `${path} is there already` : `${path}: ${messageOf(error)}`;
    throw new SoulMirrorError("CONFLICT", message, {
      fix: isThere ? "move it away first, or compare with `soulmirror init`" : "check the folder",
    });
  }
}
