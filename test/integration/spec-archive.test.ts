/** What processes were started with outlives the daemon on the disk, without its secrets. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../../src/config/index.ts";
import { SpecArchive } from "../../src/daemon/spec-archive.ts";
import { readSecretFile } from "../../src/system/index.ts";

const folder = mkdtempSync(join(tmpdir(), "specs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = join(folder, "code");
beforeEach(() => writeFileSync(secret, "code-hunter2\n"));
const places = { environment: { KEY: "key-hunter2" }, readFile: readSecretFile };

function fleetOf(command: string, probe: string): Fleet {
  const text = `services:
  shop:
    command: ${command}
    env: { KEY: { env: KEY }, CODE: { file: ${secret} }, PLAIN: text }
    health_check: { http: "http://127.0.0.1:1/", headers: { X: ${probe} } }
    webhooks: { page: "http://127.0.0.1:1/hook-hunter2" }`;
  const loaded = loadFleet({
    files: [{ path: "soulmirror.yaml", text }],
    environment: places.environment,
    readSecretFile,
    baseDir: folder,
    hash: (each) => createHash("sha256").update(each).digest("hex"),
  });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

test("a spec comes back with its secrets, which are not on the disk (A1)", async () => {
  const specs = join(folder, "specs");
  const before = fleetOf("node a.js", "probe-hunter2");
  const after = fleetOf("node b.js --another", "probe-hunter3");
  const hash = before.services["shop"]?.hash ?? "";
  expect(after.services["shop"]?.hash).not.toBe(hash);
  const archive = new SpecArchive(specs, places);
  await archive.keep(before);
  expect(archive.specOf(hash)).toBe(before.services["shop"]);
  const stored = readdirSync(specs).map((name) => readFileSync(join(specs, name), "utf8"));
  expect(stored).toHaveLength(1);
  expect(stored.join()).not.toContain("hunter");

  const later = new SpecArchive(specs, places);
  await later.keep(after);
  expect(later.specOf(hash)).toMatchObject({
    command: ["node", "a.js"],
    env: { KEY: "key-hunter2", CODE: "code-hunter2", PLAIN: "text" },
    // How it is asked and healed is as the fleet of the moment says.
    liveness: { parameters: { headers: { X: "probe-hunter3" } } },
    hash,
  });

  rmSync(secret);
  expect(later.specOf(hash)?.env).toEqual({ KEY: "key-hunter2", PLAIN: "text" });
});

test("files that may hold secrets, from before, are removed", async () => {
  const specs = join(folder, "older");
  writeFileSync(secret, "code-hunter2\n");
  const fleet = fleetOf("node a.js", "x");
  const spec = fleet.services["shop"];
  const first = new SpecArchive(specs, places);
  writeFileSync(join(specs, `${spec?.hash}.json`), JSON.stringify(spec));
  const archive = new SpecArchive(specs, places);
  expect(archive.specOf(spec?.hash ?? "")).toBeUndefined();
  expect(readdirSync(specs)).toEqual([]);
  await first.keep(fleet);
  expect(readFileSync(join(specs, `${spec?.hash}.json`), "utf8")).not.toContain("hunter");
});

test("what the disk refuses is known, and written with the next fleet", async () => {
  const specs = join(folder, "refused");
  const fleet = fleetOf("node c.js", "probe");
  const archive = new SpecArchive(specs, places);
  rmSync(specs, { recursive: true });
  await expect(archive.keep(fleet)).rejects.toThrow("ENOENT");
  expect(archive.specOf(fleet.services["shop"]?.hash ?? "")).toBe(fleet.services["shop"]);
  mkdirSync(specs);
  await archive.keep(fleet);
  expect(readdirSync(specs)).toHaveLength(1);
});
