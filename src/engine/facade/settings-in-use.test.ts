/** U1 to U5: what is configured and concerns nothing, and what is asked for and nobody knows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SoulMirrorError } from "../../kernel/index.ts";
import { ManualTools, type Tools } from "../../resilience/index.ts";
import {
  type EngineOptions,
  InfrastructureReliabilityEngine,
  type WrapOptions,
} from "../engine.ts";
import { realTools } from "../real-tools.ts";

class Analyzer {
  get lazy(): () => string {
    throw new Error("nobody has asked for it");
  }
  async analyzeFile(): Promise<string> {
    return "well";
  }
}

let folder: string;
let told: string[];
const engines: InfrastructureReliabilityEngine[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "in-use-"));
  mkdirSync(join(folder, "config"));
  told = [];
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function engineOf(
  text: string,
  options: EngineOptions = {},
  tools: Tools = new ManualTools(),
): InfrastructureReliabilityEngine {
  writeFileSync(join(folder, "config", "reliability.yml"), text);
  // A thread cannot change its folder.
  const there = vi.spyOn(process, "cwd").mockReturnValue(folder);
  const engine = new InfrastructureReliabilityEngine(options, tools);
  there.mockRestore();
  engine.on("configuration", ({ subject, message }) => {
    if (subject === "refused") told.push(message);
  });
  engines.push(engine);
  return engine;
}

async function healthOf(engine: InfrastructureReliabilityEngine): Promise<unknown> {
  const { checks } = await engine.getSystemHealth();
  return checks.find(({ name }) => name === "configuration");
}

const file = "services: { chat: { methods: { analyseFile: { timeout: 2m } } } }";
const mistake =
  'config/reliability.yml:1:56 services.chat.methods.analyseFile.timeout: "chat" has no method ' +
  '"analyseFile"; did you mean "analyzeFile"?';

describe("a method in a file that what is wrapped does not have (U1)", () => {
  it("is told once, degrades health, and is in `explain`", async () => {
    const engine = engineOf(file);
    const chat = engine.wrap("chat", new Analyzer());
    engine.wrap("chat", new Analyzer());
    await Promise.resolve();
    expect(told).toEqual([mistake]);
    expect(engine.mode).toBe("full");
    expect(await chat.analyzeFile()).toBe("well");
    expect(await healthOf(engine)).toMatchObject({
      status: "degraded",
      message: mistake.split("; ")[0],
    });
    expect(engine.explain("chat").problems).toMatchObject([
      { file: "config/reliability.yml", line: 1, fix: 'did you mean "analyzeFile"?' },
    ]);
  });

  it("is none when another target of that name has it, in the same moment", async () => {
    const engine = engineOf(file);
    engine.wrap("chat", new Analyzer());
    engine.wrap("chat", { analyseFile() {} });
    await Promise.resolve();
    expect(told).toEqual([]);
    expect(engine.problems).toEqual([]);
  });

  it("is seen when the file changes, and gone when it is mended", async () => {
    const engine = engineOf("services: { chat: { timeout: 1s } }", {}, realTools);
    const analyzer = new Analyzer();
    engine.wrap("chat", analyzer);
    const path = join(folder, "config", "reliability.yml");
    writeFileSync(path, file);
    const until = { timeout: 15_000 };
    await vi.waitFor(() => expect(told).toEqual([mistake]), until);
    writeFileSync(path, file.replace("analyse", "analyze"));
    await vi.waitFor(() => expect(engine.problems).toEqual([]), until);
    expect(engine.unwrap(engine.wrap("chat", analyzer))).toBe(analyzer);
  });

  it("is seen of a class when there is an instance", async () => {
    const engine = engineOf(file);
    const Wrapped = engine.wrap("chat", Analyzer);
    await Promise.resolve();
    expect(told).toEqual([]);
    expect(await new Wrapped().analyzeFile()).toBe("well");
    expect(await new Wrapped().analyzeFile()).toBe("well");
    await Promise.resolve();
    expect(told).toEqual([mistake]);
  });

  it.each([
    ["a proxy", new Proxy({}, { get: () => () => 5 })],
    ["a getter", Object.defineProperty({}, "analyseFile", { get: () => () => 5 })],
    ["a class that has no instance", Analyzer],
    ["an inherited method", Object.create({ analyseFile() {} }) as object],
    ["a static method", Object.assign(() => 5, { analyseFile() {} })],
  ])("is none of %s (U3)", async (_name, target) => {
    const engine = engineOf(file);
    engine.wrap("chat", target);
    await Promise.resolve();
    expect(engine.problems).toEqual([]);
  });
});

describe("a service that is configured and not wrapped here (U2)", () => {
  it("is listed with what may be meant, and no mistake", async () => {
    const engine = engineOf("services: { chat-analyser: { timeout: 1s }, other: { timeout: 1s } }");
    engine.wrap("chat-analyzer", new Analyzer());
    const { unused, problems } = engine.explain();
    expect(problems).toEqual([]);
    expect(unused).toMatchObject([
      { key: "services.chat-analyser.timeout", line: 1, fix: 'did you mean "chat-analyzer"?' },
      { message: '"other" is not wrapped here', fix: "wrap it, or leave it to its process" },
    ]);
    expect(await healthOf(engine)).toMatchObject({
      status: "healthy",
      message: '"chat-analyser" is not wrapped here: did you mean "chat-analyzer"?, and 1 more',
      metadata: { unused: { length: 2 } },
    });
    engine.registerService("other", { ask() {} });
    engine.meter("chat-analyser");
    expect(engine.explain().unused).toEqual([]);
    expect(told).toEqual([]);
  });
});

describe("a method in code that what is wrapped does not have", () => {
  const wrapWith = (target: object, options: WrapOptions): unknown =>
    engineOf("").wrap("chat", target, options);
  const sdk = { chat: { completions: { async create() {} } } };

  it.each<[object, WrapOptions, readonly [method: string, fix: string]]>([
    [
      new Analyzer(),
      { methods: { analyseFile: {} } },
      ["analyseFile", 'did you mean "analyzeFile"?'],
    ],
    [
      sdk,
      { depth: 3, methods: { "chat.completion.create": {} } },
      ["chat.completion.create", 'did you mean "chat.completions.create"?'],
    ],
    [
      sdk,
      { methods: { "chat.completions.create": {} } },
      ["chat.completions.create", "add `depth: 3`"],
    ],
    [async () => 5, { methods: { call: {} } }, ["call", "remove it"]],
    [{ size: 5 }, { methods: { size: {} } }, ["size", "remove it"]],
  ])("%# is refused with the key and the fix", (target, options, [method, fix]) => {
    const message = `wrap("chat"): methods.${method}: what is wrapped has no method "${method}"`;
    try {
      wrapWith(target, options);
    } catch (error) {
      if (!(error instanceof SoulMirrorError)) throw error;
      expect([error.code, error.message, error.fix]).toEqual(["OPTIONS_INVALID", message, fix]);
      return;
    }
    throw new Error("it was taken");
  });

  it("is taken where it is there, or may be", () => {
    const depth = 3;
    expect(wrapWith(sdk, { depth, methods: { "chat.completions.create": {} } })).toBeDefined();
    expect(wrapWith(new Analyzer(), { methods: { analyzeFile: {}, lazy: {} } })).toBeDefined();
    expect(wrapWith(Analyzer, { methods: { analyzeFile: {}, ofInstances: {} } })).toBeDefined();
    expect(wrapWith(new Proxy({}, {}), { methods: { any: {} } })).toBeDefined();
  });

  it("is no error of the engine's own options, whose names are many processes': it is told", async () => {
    const services = { chat: { methods: { analyseFile: { timeout: 5 } } } };
    engineOf("", { services }).wrap("chat", new Analyzer());
    await Promise.resolve();
    expect(told).toEqual([
      'code (`services.chat.methods.analyseFile.timeout`): "chat" has no method "analyseFile"; did you mean "analyzeFile"?',
    ]);
  });
});

describe("a file that was found with mistakes", () => {
  it("says wherever its mistakes are told that the mode is shadow because of them", async () => {
    const engine = engineOf("services: { chat: { timeout: -5 } }");
    await Promise.resolve();
    expect(engine.mode).toBe("shadow");
    const because = "until it is mended the mode is shadow";
    expect(told).toEqual([expect.stringContaining(because)]);
    expect(engine.problems[0]?.message).toContain(because);
    expect(await healthOf(engine)).toMatchObject({
      message: expect.stringContaining(because) as string,
    });
  });
});

describe("mode limited of which no part is named (U5)", () => {
  const fixIn = (where: string): string =>
    `mode limited lets nothing act: no part is named; name them in ${where} (in code limitedTo), or choose full or monitor`;
  const fix = fixIn("engine.limited_to");

  it.each<[string, EngineOptions, readonly string[]]>([
    ["mode: limited", {}, [`config/reliability.yml:1:7 mode: ${fix}`]],
    ["{}", { mode: "limited" }, [`code (\`mode\`): ${fix}`]],
    ["mode: limited", { limitedTo: ["retry"] }, []],
    ["{ mode: limited, services: { chat: { limited_to: [retry] } } }", {}, []],
    ["{ mode: limited, engine: { limited_to: [] } }", {}, []],
    ["mode: monitor", { mode: "limited" }, []],
  ])("%s in the file, %j in code", async (text, options, expected) => {
    const engine = engineOf(text, options);
    await Promise.resolve();
    expect(told).toEqual(expected);
    expect(engine.problems).toHaveLength(expected.length);
  });

  it("is told of a service that is wrapped, and mended by its parts", async () => {
    const engine = engineOf("services: { chat: { mode: limited }, other: { mode: limited } }");
    engine.wrap("chat", new Analyzer());
    await Promise.resolve();
    expect(told).toEqual([
      `config/reliability.yml:1:27 services.chat.mode: ${fixIn("limited_to beside it")}`,
    ]);
    engine.wrap("chat", new Analyzer(), { limitedTo: ["retry"] });
    expect(engine.problems).toEqual([]);
  });

  it("is no mistake of the whole any more once something that is wrapped names its parts", () => {
    const engine = engineOf("mode: limited");
    expect(engine.problems).toHaveLength(1);
    engine.wrap("chat", new Analyzer(), { limitedTo: ["retry"] });
    expect(engine.problems).toEqual([]);
    engine.setMode("monitor");
    expect(engine.problems).toEqual([]);
  });
});

describe("explain", () => {
  it("has what somebody has set, and says how the rest is seen", () => {
    const engine = engineOf("services: { chat: { timeout: 5s } }", { retry: { attempts: 2 } });
    engine.wrap("chat", new Analyzer());
    const { values, more, unknown } = engine.explain("chat");
    expect(values).toEqual([
      { name: "timeoutMs", value: 5000, from: "config/reliability.yml:1:30", overridden: [] },
      { name: "retry.attempts", value: 2, from: "code (`retry.attempts`)", overridden: [] },
    ]);
    const all = engine.settings.explain("chat");
    expect(more).toBe(
      `${all.length - 2} more are built-in defaults: engine.settings.explain("chat") lists them`,
    );
    expect(unknown).toEqual([]);
    expect(engine.explain().values.map(({ name }) => name)).toEqual(["retry.attempts"]);
  });

  it.each<[readonly [string, string?], readonly string[]]>([
    [["chta"], ['there is no service "chta" here: did you mean "chat"?']],
    [["chat.ask"], ['there is no service "chat.ask" here: write explain("chat", "ask")']],
    [
      ["timeoutMs"],
      ['there is no service "timeoutMs" here: it is a setting; name the service that it is for'],
    ],
    [["chat", "analyseFile"], ['"chat" has no method "analyseFile": did you mean "analyzeFile"?']],
    [["chat", "analyzeFile"], []],
    [["other"], []],
    [["other", "anything"], []],
    [["metered"], []],
    [["xyz"], ['there is no service "xyz" here: use one of: chat, other']],
  ])("%j", (asked, unknown) => {
    const engine = engineOf("services: { other: { timeout: 1s }, chat: { timeout: 2s } }");
    engine.wrap("chat", new Analyzer());
    engine.meter("metered");
    expect(engine.explain(...asked).unknown).toEqual(unknown);
  });

  it("knows nobody where nothing is wrapped", () => {
    expect(engineOf("").explain("chat").unknown).toEqual([
      'there is no service "chat" here: nothing is wrapped or configured yet',
    ]);
  });
});

describe("what wrap is handed", () => {
  it("is told when it changes what held, and not when it is said first, or again", () => {
    const engine = engineOf("");
    const changes: string[] = [];
    engine.on("configuration", ({ message }) => void changes.push(message));
    engine.wrap("chat", new Analyzer(), { timeout: "5s" });
    engine.wrap("chat", new Analyzer(), { timeout: "5s" });
    expect(engine.settings.settingsOf("chat").timeoutMs).toBe(5000);
    expect(changes).toEqual([]);
    engine.wrap("chat", new Analyzer(), { timeout: "7s" });
    engine.wrap("mail", new Analyzer());
    engine.wrap("mail", new Analyzer(), { timeout: "1s" });
    expect(changes).toEqual([
      "chat.timeoutMs: 5000 is now 7000 (code (`services.chat.timeout`))",
      "mail.timeoutMs: 30000 is now 1000 (code (`services.mail.timeout`))",
    ]);
  });
});
