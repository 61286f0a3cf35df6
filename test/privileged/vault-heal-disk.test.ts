/**
 * Cases of docs/vault/heal-cases.md that need a disk of their own: rot, a lost mount, a full disk.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { type Scene, shell, takeScene, verdictsOf } from "../integration/heal-scene.ts";

const text = "a line that is found in the backing file of the disk, and nowhere else\n".repeat(200);
const tree = "mkdir -p production evidence plain";

let image: string;
let point: string;

beforeEach(() => {
  const folder = temporaryFolder("heal-disk");
  image = join(folder, "image");
  point = join(folder, "disk");
  mkdirSync(point);
  writeFileSync(image, "");
  truncateSync(image, 32 * 1024 * 1024);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", image]);
  mount();
});

function mount(): void {
  execFileSync("mount", ["-o", "loop", image, point]);
  afterwards(() => spawnSync("umount", ["-l", point]));
}

function unmount(): void {
  execFileSync("umount", [point]);
}

async function protectedTree(source: string, names: readonly string[]): Promise<Scene> {
  shell(tree, source);
  for (const name of names) writeFileSync(join(source, name), `${name}: ${text}`);
  await pause(20);
  return takeScene(source);
}

/** Changes bytes of a file where the disk has them, and nothing else. */
function spoil(name: string, spoiled: (bytes: Buffer) => void): void {
  const bytes = readFileSync(image);
  const at = bytes.indexOf(`${name}: ${text.slice(0, 40)}`);
  expect(at).toBeGreaterThan(0);
  spoiled(bytes.subarray(at, at + 4096));
  writeFileSync(image, bytes);
}

async function told(scene: Scene): Promise<Record<string, string>> {
  const verdicts = [...(await verdictsOf(scene))];
  return Object.fromEntries(
    verdicts.map(([path, { kind, reason, isSuspect }]) => [
      path,
      `${kind} ${reason.rule}${isSuspect ? " suspect" : ""}`,
    ]),
  );
}

test("L19, L20, L21, L22: a flipped bit and a page of zeros are rot, by their category", async () => {
  const source = join(point, "source");
  mkdirSync(source);
  const names = ["production/bit", "production/page", "evidence/bit", "plain/bit"];
  const scene = await protectedTree(source, [...names, "production/sound"]);
  unmount();
  for (const name of names) {
    spoil(name, (bytes) => {
      if (name.endsWith("page")) bytes.fill(0);
      else bytes.writeUInt8((bytes[0] ?? 0) ^ 1);
    });
  }
  mount();
  expect(await told(scene)).toEqual({
    "production/bit": "heal H4",
    "production/page": "heal H4",
    "evidence/bit": "ask H4",
    "plain/bit": "ask H4",
  });
});

test("E34, E43: the same bytes written by a program, with the old mtime, are an edit", async () => {
  const source = join(point, "source");
  mkdirSync(source);
  const scene = await protectedTree(source, ["production/bit"]);
  await pause(20);
  shell(
    "touch -r production/bit ../was; printf P | dd of=production/bit conv=notrunc status=none; touch -r ../was production/bit",
    source,
  );
  unmount();
  mount();
  expect(await told(scene)).toEqual({ "production/bit": "leave H21" });
});

test("L25: into the empty folder of a lost mount nothing is healed", async () => {
  const scene = await protectedTree(point, ["production/name"]);
  unmount();
  const verdicts = await told(scene);
  expect(verdicts).toMatchObject({
    "production/name": "ask H3 suspect",
    production: "ask H3 suspect",
  });
  expect(new Set(Object.values(verdicts))).toEqual(new Set(["ask H3 suspect"]));
  mount();
  expect(await told(scene)).toEqual({});
});

test("L4: a write on a full disk left it empty", async () => {
  unmount();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", point]);
  const source = join(point, "source");
  mkdirSync(source);
  const scene = await protectedTree(source, ["production/name"]);
  await pause(20);
  shell(
    "exec 3> production/name; cat /dev/zero > filler || true; printf new >&3 || true; exec 3>&-",
    source,
  );
  expect(readFileSync(join(source, "production/name"), "utf8")).toBe("");
  expect(await told(scene)).toEqual({ "production/name": "heal H18" });
});
