/** What root refuses to follow: a fleet file in which others have a say. */
import { chmod, chown, mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refuseUnsafe } from "../../src/cli/refuse-unsafe.ts";
import { CliBench } from "../integration/cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("a fleet file that others may write", () => {
  const file = (): string => bench.path("soulmirror.yaml");
  const ways: readonly (readonly [string, () => Promise<void>, RegExp])[] = [
    ["the file", () => chmod(file(), 0o666), /everybody \(mode 0666\)/],
    ["its folder", () => chmod(bench.folder, 0o1777), /everybody \(mode 1777\)/],
    ["its owner", () => chown(file(), 1234, 0), /belongs to user 1234 /],
    ["a link to it", () => linkElsewhere(), /elsewhere .*mode 0777/],
  ];

  async function linkElsewhere(): Promise<void> {
    const folder = bench.path("elsewhere");
    await mkdir(folder);
    await rename(file(), join(folder, "fleet.yaml"));
    await chmod(folder, 0o777);
    await symlink(join(folder, "fleet.yaml"), file());
  }

  it.each(ways)("is refused to root: %s", async (_, spoil, message) => {
    await bench.writeFleet();
    await spoil();
    expect(() => refuseUnsafe(file())).toThrow(message);
  });

  it("is refused by `up` before anything is made", async () => {
    // Not valid either, so that nothing is started even if it were followed.
    await bench.write("soulmirror.yaml", "services: 7\n");
    await chmod(file(), 0o666);
    const { code, err } = await bench.run("up");
    expect(err).toMatch(/mode 0666.*\n {2}fix: chmod go-w/);
    expect(code).toBe(2);
  });
});
