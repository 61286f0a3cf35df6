// The uploads of chat-analyzer on disk, one file a thing, so that a crash at any moment loses
//   nothing. uploads/ID.txt     accepted and not yet analysed
//   processing/ID the worker is on it now; found at a start: it was on it when the process ended
//    results/ID.json    done
//   poison/ID.txt      set aside for a person, because analysing it throws
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UNFINISHED_SUFFIX, writeDurably } from "./durable-file.js";

export function openUploadStore(root) {
  const folder = (name) => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    for (const file of readdirSync(path)) {
      if (file.endsWith(UNFINISHED_SUFFIX)) rmSync(join(path, file), { force: true });
    }
    return path;
  };
  const [uploads, processing, results, poison] = ["uploads", "processing", "results", "poison"].map(
    folder,
  );
  const upload = (id) => join(uploads, `${id}.txt`);
  const marker = (id) => join(processing, id);
  const result = (id) => join(results, `${id}.json`);
  const poisoned = (id) => join(poison, `${id}.txt`);

  return {
    accept: (id, text) => writeDurably(upload(id), text),
    text: (id) => readFile(upload(id), "utf8"),
    begin: (id) => writeFile(marker(id), ""),
    finish: async (id, analysis) => {
      await writeDurably(result(id), JSON.stringify(analysis));
      await rm(upload(id), { force: true });
      await rm(marker(id), { force: true });
    },
    quarantine: async (id) => {
      await rename(upload(id), poisoned(id));
      await rm(marker(id), { force: true });
    },
    result: async (id) => JSON.parse(await readFile(result(id), "utf8")),
    state: (id) => {
      if (existsSync(result(id))) return "done";
      if (existsSync(poisoned(id))) return "quarantined";
      return existsSync(upload(id)) ? "queued" : "unknown";
    },
    unfinished: () => readdirSync(uploads).map((file) => file.slice(0, -".txt".length)),
    wasInWork: (id) => existsSync(marker(id)),
    probe: () => writeDurably(join(root, "write-probe"), ""),
  };
}
