/** Settings of an engine from real files: at its start, and while it runs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { realTools } from "../../src/engine/real-tools.ts";
import {
  type SettingsNews,
  SettingsSource,
  type SettingsSourceOptions,
} from "../../src/engine/settings/settings-source.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { found } from "../until.ts";

let folder: string;
let news: SettingsNews[];

beforeEach(() => {
  folder = temporaryFolder("settings");
  mkdirSync(join(folder, "config"));
  news = [];
});

function write(name: string, text: string): void {
  // As editors do it: a new file in the place of the old one.
  writeFileSync(join(folder, `${name}.new`), text);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

function settings(options: Partial<SettingsSourceOptions> = {}): SettingsSource {
  const source = new SettingsSource({
    code: { name: "code", entries: [] },
    environment: {},
    folder,
    tools: realTools,
    tell: (each) => news.push(each),
    quietMs: 20,
    ...options,
  });
  afterwards(() => source.close());
  return source;
}

/** The news number `count`, as soon as they are heard. */
function heard(count: number): Promise<SettingsNews> {
  return found(() => news[count - 1], { what: `news number ${count}`, seen: () => news.length });
}

const yml = "config/reliability.yml";

describe("at the start", () => {
  test("the usual files are found; the json form goes before the other", () => {
    write(yml, "mode: full\nservices: { chat: { timeout: 5s } }\nengine: { mode: limited }\n");
    write(
      ".reliability-config.json",
      '{ "engine": { "mode": "production" }, "thresholds": { "errorRate": 0.5 } }',
    );
    const source = settings();
    expect(source.problems).toEqual([]);
    expect(source.current.mode).toBe("limited");
    expect(source.current.settingsOf("chat").timeoutMs).toBe(5000);
    expect(source.current.value("thresholds.errorRate")).toBe(0.5);
  });

  test("a file that is named must be there", () => {
    const wrong = (): unknown => settings({ file: "config/relability.yml" });
    expect(wrong).toThrow(
      expect.objectContaining({
        code: "CONFIG_NOT_FOUND",
        message: "there is no file config/relability.yml",
      }),
    );
  });

  test("a file that is named must be right: every mistake with line, column and fix", () => {
    write(yml, "services:\n  chat:\n    timeout: -5\n    retyr: {}\n");
    expect(() => settings({ file: yml })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(
          /^config\/reliability\.yml:3:14 services\.chat\.timeout: expected a duration, found -5; write .+\nconfig\/reliability\.yml:4:5 services\.chat\.retyr: unknown key "retyr"; did you mean "retry"\?$/,
        ) as string,
        fix: expect.stringMatching(
          /^services\.chat\.timeout: write .+; services\.chat\.retyr: did you mean "retry"\?$/,
        ) as string,
      }),
    );
  });

  test("one that is only found stops nobody: its mode is shadow until it is right", async () => {
    write(yml, "mode: full\nservices: 5\n");
    const source = settings();
    expect(source.current.mode).toBe("shadow");
    expect(source.problems).toMatchObject([{ file: yml, line: 2, column: 11, key: "services" }]);
    write(yml, "mode: full\n");
    const { settings: next, problems } = await heard(1);
    expect(problems).toEqual([]);
    expect(next.mode).toBe("full");
  });
});

describe("while it runs", () => {
  test("a change takes effect and is told with its difference", async () => {
    write(yml, "services: { chat: { timeout: 5s } }\n");
    const source = settings({ file: yml });
    write(yml, "services: { chat: { timeout: 7s } }\n");
    const { changes } = await heard(1);
    expect(changes).toEqual([
      expect.objectContaining({
        key: "chat.timeoutMs",
        before: 5000,
        after: 7000,
        from: "config/reliability.yml:1:30",
      }),
    ]);
    expect(source.current.settingsOf("chat").timeoutMs).toBe(7000);
  });

  test("mistakes leave the last good settings, and are told with their place (R1)", async () => {
    write(yml, "services: { chat: { timeout: 5s } }\n");
    const source = settings();
    write(yml, "services: { chat: { timeout: soon } }\n");
    const { changes, problems } = await heard(1);
    expect(changes).toEqual([]);
    expect(problems).toMatchObject([{ file: yml, line: 1, column: 30 }]);
    expect(source.current.settingsOf("chat").timeoutMs).toBe(5000);
    expect(source.current.mode).toBe("full");
  });

  test("a file that is gone leaves what it said last", async () => {
    write(yml, "mode: monitor\n");
    const source = settings();
    rmSync(join(folder, yml));
    const { problems } = await heard(1);
    expect(problems).toMatchObject([
      { file: yml, message: expect.stringContaining("gone") as string },
    ]);
    expect(source.current.mode).toBe("monitor");
  });

  test("a file that comes later is seen without being told of, by the poll (R3)", async () => {
    const source = settings({ pollMs: 20 });
    expect(source.current.mode).toBe("full");
    write(".reliability-config.json", '{ "engine": { "mode": "monitoring" } }');
    await heard(1);
    expect(source.current.mode).toBe("monitor");
  });

  test.each(["", "# services:\n"])(
    "a file that becomes empty (%j) takes nothing back",
    async (text) => {
      write(yml, "mode: off\n");
      const source = settings();
      write(yml, text);
      const { problems } = await heard(1);
      expect(problems).toMatchObject([{ message: "it is empty; what it said last holds on" }]);
      expect(source.current.mode).toBe("off");
      write(yml, "{}\n");
      await heard(2);
      expect(source.current.mode).toBe("full");
    },
  );

  test("what code and people change at run time takes effect at once", () => {
    write(yml, "mode: limited\nengine: { limited_to: [retry] }\n");
    const source = settings();
    const entry = (value: "full" | "shadow") =>
      ({ leaf: "mode", value, key: "mode", from: "a person" }) as const;
    source.change([entry("shadow")]);
    expect(source.current.mode).toBe("shadow");
    source.change([entry("full")]);
    expect(source.current.mode).toBe("limited");
    expect(news.map(({ changes }) => changes[0]?.after)).toEqual(["shadow", "limited"]);
  });

  test("what is declared later holds on when a file changes", async () => {
    write(yml, "services: { chat: { timeout: 5s } }\n");
    const source = settings();
    const entry = {
      service: "chat",
      leaf: "retry.attempts",
      key: "attempts",
      from: "code",
    } as const;
    source.declare("chat", [{ ...entry, value: 7 }]);
    expect(source.current.settingsOf("chat")).toMatchObject({
      timeoutMs: 5000,
      retry: { attempts: 7 },
    });
    write(yml, "services: { chat: { timeout: 9s } }\n");
    const { changes } = await heard(2);
    expect(changes).toMatchObject([{ key: "chat.timeoutMs", after: 9000 }]);
    expect(source.current.settingsOf("chat")).toMatchObject({
      timeoutMs: 9000,
      retry: { attempts: 7 },
    });
    source.declare("chat", []);
    expect(source.current.settingsOf("chat").retry.attempts).toBe(3);
  });

  test("what one has set at run time, another does not take back", () => {
    const source = settings();
    const timeoutMs = {
      leaf: "timeoutMs",
      value: 7,
      key: "timeout",
      from: "an optimization",
    } as const;
    const mode = { leaf: "mode", value: "limited", key: "mode", from: "a person" } as const;
    source.change([timeoutMs], "optimizer");
    source.change([mode]);
    source.change([]);
    expect(source.current.defaults).toMatchObject({ mode: "full", timeoutMs: 7 });
    source.change([], "optimizer");
    expect(source.current.defaults.timeoutMs).toBe(30_000);
  });

  test("nothing is told when nothing has changed, nor after it was closed", async () => {
    write(yml, "mode: limited\n");
    const source = settings({ pollMs: 10 });
    write(yml, "mode: limited\n");
    source.reload();
    expect(news).toEqual([]);
    source.close();
    write(yml, "mode: off\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(news).toEqual([]);
    expect(source.current.mode).toBe("limited");
  });
});

describe("a process", () => {
  const module = new URL("../../src/engine/settings/settings-source.ts", import.meta.url).href;
  const tools = new URL("../../src/engine/real-tools.ts", import.meta.url).href;

  function run(after: string, before = ""): string {
    const text = `
      import { SettingsSource } from ${JSON.stringify(module)};
      import { realTools } from ${JSON.stringify(tools)};
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      ${before}
      const source = new SettingsSource({
        code: { name: "code", entries: [] }, environment: process.env, folder: ${JSON.stringify(folder)},
        tools: realTools, tell: () => {},
      });
      ${after}`;
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(child.stderr).toBe("");
    return child.stdout.trim();
  }

  test("reads anew what it could not read for want of descriptors, though the file is the same", () => {
    write(yml, "mode: limited\n");
    const before = `
      const { openSync, closeSync } = await import("node:fs");
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}`;
    const after = `
      const seen = [source.current.mode, source.problems.length];
      for (const each of taken) closeSync(each);
      source.reload();
      console.log(...seen, source.current.mode, source.problems.length);`;
    expect(run(after, before)).toBe("shadow 1 limited 0");
  });

  const packages = 'console.log(loaded.filter((url) => url.includes("node_modules")).length > 0);';

  test("ends although its files are watched (R4)", () => {
    write(yml, "mode: limited\n");
    expect(run("console.log(source.current.mode);")).toBe("limited");
  });

  test("without files loads no package; with one it does", () => {
    expect(run(packages)).toBe("false");
    write(yml, "mode: limited\n");
    expect(run(packages)).toBe("true");
  });
});
