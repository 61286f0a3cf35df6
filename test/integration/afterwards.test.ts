import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";

describe("what a test has begun", () => {
  const ended: string[] = [];
  let folder = "";

  test("is there as long as the test", async () => {
    folder = temporaryFolder("afterwards");
    writeFileSync(join(folder, "left"), "behind");
    afterwards(
      () => ended.push(`first, the folder is there: ${existsSync(folder)}`),
      async () => ended.push(await Promise.resolve("second")),
    );
    afterwards(() => ended.push("third"));
    await Promise.resolve();
    expect(ended).toEqual([]);
  });

  test("is ended behind it, the last thing first", () => {
    expect(ended).toEqual(["third", "second", "first, the folder is there: true"]);
    expect([folder === "", existsSync(folder)]).toEqual([false, false]);
  });
});
