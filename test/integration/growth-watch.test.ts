/** Leaks in real processes: each in one of its own, with the watch at a quicker pace than usual. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const engine = new URL("../../src/engine/silent/index.ts", import.meta.url).href;

let folder = "";
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "growth-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Finding {
  readonly type: string;
  readonly reason: string;
  readonly evidence: { readonly file: number; readonly leftMs: number };
}

/** The findings of an app that ends at the first one, or after `longestMs`. */
async function watch(
  code: string,
  longestMs: number,
  flags: readonly string[] = [],
): Promise<Finding | undefined> {
  const file = path.join(folder, `app-${++count}.mjs`);
  await writeFile(
    file,
    `import { watchGrowth } from ${JSON.stringify(engine)};
    import { openSync } from "node:fs";
    watchGrowth((found) => { console.log(JSON.stringify(found)); process.exit(0); }, 100);
    setTimeout(() => process.exit(0), ${longestMs});
    ${code}`,
  );
  const child = spawn(process.execPath, [...flags, file], { stdio: ["ignore", "pipe", "inherit"] });
  const out = await text(child.stdout);
  return out === "" ? undefined : (JSON.parse(out) as Finding);
}

describe.concurrent("what grows until it is exhausted", () => {
  it("open files that nobody closes, with their folder", async () => {
    const code =
      "setInterval(() => { for (let i = 0; i < 4; i += 1) openSync(import.meta.filename); }, 20);";
    const found = await watch(code, 40_000);
    expect(found).toMatchObject({
      operation: "process",
      type: "descriptor_growth",
      evidence: { of: "file", limit: 2048, folder },
    });
    expect(found?.evidence.file).toBeGreaterThan(900);
    expect(found?.evidence.leftMs).toBeGreaterThan(0);
  });

  it("a heap that keeps what it is given", async () => {
    const code = `const kept = [];
    setInterval(() => { for (let i = 0; i < 60; i += 1) kept.push(new Array(1000).fill(i)); }, 20);`;
    const found = await watch(code, 40_000, ["--max-old-space-size=200"]);
    expect(found).toMatchObject({ type: "heap_growth", evidence: { of: "heap" } });
    expect(found?.reason).toMatch(/the heap grows: .* on the way to .*, and gets there in/);
  });

  it("no heap that is full of garbage, and no files that are closed", async () => {
    const code = `import { closeSync } from "node:fs";
    let kept = [];
    setInterval(() => {
      for (let i = 0; i < 600; i += 1) kept.push(new Array(1000).fill(i));
      if (kept.length > 6000) kept = [];
      const open = Array.from({ length: 300 }, () => openSync(import.meta.filename));
      for (const descriptor of open) closeSync(descriptor);
    }, 20);`;
    expect(await watch(code, 12_000, ["--max-old-space-size=200"])).toBeUndefined();
  });
});
