/** `RELIABILITY_FILES`: node's own `fs` is watched or healed before the app is loaded. */
import { describe, expect, it } from "vitest";
import { guarded, register, run, told } from "./register-bench.ts";

describe("files, when they are asked for", () => {
  const race = `const fs = require("node:fs"); const file = __filename + ".out";
    fs.writeFileSync(file, "old"); fs.writeFile(file, "new", () => {});
    console.log(typeof fs.readFileSync(file, "utf8"));`;
  const required = new URL(register).pathname;

  it.each<[string, readonly string[]]>([
    ["--import", ["--import", register]],
    ["--require", ["--require", required]],
  ])("%s tells of an unfinished file at once, and changes nothing", async (_, flags) => {
    const name = "app.cjs";
    const ran = await run(race, { flags, name, environment: { RELIABILITY_FILES: "report" } });
    expect(ran).toMatchObject({ code: 0, signal: null, out: "string\n" });
    expect(told(ran)).toEqual([
      expect.stringMatching(/while .*app\.cjs\.out|app\.cjs\.out.*(?:old content|empty)/),
    ]);
    expect((await run(race, { flags, name })).err).toBe("");
  });

  it("heals a missing folder, and says so", async () => {
    const code = `import { writeFileSync, readFileSync } from "node:fs";
      const file = new URL("./healed/" + process.pid + "/a.txt", import.meta.url);
      writeFileSync(file, "there"); console.log(readFileSync(file, "utf8"));`;
    const environment = { RELIABILITY_FILES: "heal" };
    const ran = await run(code, guarded({ environment }));
    expect(ran).toMatchObject({ code: 0, out: "there\n" });
    expect(told(ran)).toEqual([
      expect.stringMatching(/fs\.writeFileSync: directory made: .*healed/),
    ]);
    const reported = await run(code, guarded({ environment: { RELIABILITY_FILES: "report" } }));
    expect(reported.code).toBe(1);
  });

  it("takes a word that it does not know for report, and says how to write it", async () => {
    const code = `import { existsSync, writeFileSync } from "node:fs";
      try { writeFileSync(new URL("./unmade/a.txt", import.meta.url), ""); } catch (e) { console.log(e.code); }`;
    const ran = await run(code, guarded({ environment: { RELIABILITY_FILES: "mend" } }));
    expect(ran).toMatchObject({ code: 0, out: "ENOENT\n" });
    expect(told(ran)).toEqual([
      'soulmirror: RELIABILITY_FILES: expected report, heal or off, found "mend"; it counts as ' +
        "report; fix: write RELIABILITY_FILES=report",
    ]);
  });
});
