// The exports of mobile-converter on disk: ID.json is the job, ID.part the rows so far, ID.csv the
// finished file. All of them can be read again after a crash.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { appendFile, open, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import { UNFINISHED_SUFFIX, writeDurably } from "./durable-file.js";

export function openExportStore(root) {
  mkdirSync(root, { recursive: true });
  for (const file of readdirSync(root)) {
    if (file.endsWith(UNFINISHED_SUFFIX)) rmSync(join(root, file), { force: true });
  }
  const path = (id, kind) => join(root, `${id}.${kind}`);
  const save = (job) => writeDurably(path(job.id, "json"), JSON.stringify(job));
  const read = async (id) => JSON.parse(await readFile(path(id, "json"), "utf8"));

  return {
    save,
    read,
    has: (id) => existsSync(path(id, "json")),
    content: (id) => readFile(path(id, "csv"), "utf8"),
    append: (id, rows) => appendFile(path(id, "part"), rows),
    /** How many whole rows are written; a row that a crash has torn is cut off. */
    resume: async (id) => {
      if (!existsSync(path(id, "part"))) return 0;
      const part = await readFile(path(id, "part"));
      const wholeBytes = part.lastIndexOf("\n") + 1;
      await truncate(path(id, "part"), wholeBytes);
      return part.subarray(0, wholeBytes).toString("utf8").split("\n").length - 1;
    },
    finish: async (job) => {
      const file = await open(path(job.id, "part"), "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      const content = await readFile(path(job.id, "part"));
      await rename(path(job.id, "part"), path(job.id, "csv"));
      const sha256 = createHash("sha256").update(content).digest("hex");
      await save({ ...job, state: "done", sha256 });
    },
    unfinished: async () => {
      const ids = readdirSync(root)
        .filter((file) => file.endsWith(".json"))
        .map((file) => file.slice(0, -".json".length));
      const unfinished = [];
      for (const id of ids) if ((await read(id)).state !== "done") unfinished.push(id);
      return unfinished;
    },
    probe: () => writeDurably(join(root, "write-probe"), ""),
  };
}
