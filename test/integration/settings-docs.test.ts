/**
 * docs/engine/configuration.md, "Every setting": the tables say of every setting where it is said,
 * and of every key what it sets, and nothing else.
 */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readEngineFile } from "../../src/config/index.ts";
import { reliabilityConfigSchema } from "../../src/config/reliability-config.ts";
import { engineFileSchema } from "../../src/config/schema-engine.ts";
import { engineReaders } from "../../src/engine/facade/engine-readers.ts";
import { builtIn } from "../../src/engine/settings/built-in.ts";
import { environmentRules } from "../../src/engine/settings/environment.ts";
import {
  engineOptionReaders,
  layerOfCode,
  serviceOptionReaders,
} from "../../src/engine/settings/index.ts";
import type { SettingName } from "../../src/engine/settings/setting.ts";
import { checkOptions, parseDurationMs } from "../../src/kernel/index.ts";
import { code, keysOf, rowsBelow } from "./doc-tables.ts";

const page = "docs/engine/configuration.md";
const all = rowsBelow(page, "## Every setting");
const rows = all.filter((row) => row["setting"] !== undefined);
const inCodeOnly = all.filter((row) => row["option"] !== undefined);
const ofService: readonly SettingName[] = ["strategies", "healthCheck", "address"];

describe("the tables of settings", () => {
  it("have each setting once, with its default and a meaning", () => {
    const told = rows.map((row) => [nameOf(row), row["default"]] as const);
    const held = Object.entries(builtIn).map(([name, value]) => [name, value] as const);
    expect(told.map(([name]) => name).toSorted()).toEqual(held.map(([name]) => name).toSorted());
    for (const [name, cell] of told) {
      expect([name, meant(name, cell ?? "")]).toEqual([name, builtIn[name]]);
    }
    expect(rows.filter((row) => (row["meaning"] ?? "").length < 10)).toEqual([]);
  });

  it("have every variable of the environment that sets something, at what it sets", () => {
    const told = rows.flatMap((row) => {
      const variable = code(row["environment"]);
      return variable === undefined ? [] : [[variable, nameOf(row)]];
    });
    const read = [...environmentRules()].flatMap(([name, { leaf }]) =>
      leaf === undefined ? [] : [[name, leaf]],
    );
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(read));
  });
});

describe("config/reliability.yml", () => {
  const keys = rows.map((row) => code(row["`config/reliability.yml`"])).filter(isThere);
  const ofCalls = keys.filter((key) => !key.startsWith("engine."));
  const schema = pathsOf(z.toJSONSchema(engineFileSchema, { io: "input", unrepresentable: "any" }));

  it("takes the keys of the tables, in their places, and no others", () => {
    const below = (prefix: string): readonly string[] =>
      schema.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    const inMethods = without(ofCalls, ["recovery_strategy", "health_check", "listen"]);
    const inDefaults = without(ofCalls, ["health_check", "listen"]);
    expect(below("services.NAME.methods.NAME.")).toEqual(inMethods);
    expect(below("engine.defaults.")).toEqual(inDefaults);
    const inServices = below("services.NAME.").filter((path) => !path.startsWith("methods."));
    expect(inServices).toEqual(ofCalls.toSorted());
    const rest = schema.filter((path) => !/^(?:services|engine\.defaults)\./.test(path));
    const top = ["mode", "engine.mode", "engine.limited_to"];
    const engine = keys.filter((key) => key.startsWith("engine."));
    expect(rest).toEqual([...top, ...engine].toSorted());
  });

  it.each(rows.filter((row) => code(row["`config/reliability.yml`"]) !== undefined))(
    "$setting is set by its key",
    (row) => {
      const key = code(row["`config/reliability.yml`"]) ?? "";
      const name = nameOf(row);
      const path = key.startsWith("engine.") ? key : `services.shop.${key}`;
      const service = key.startsWith("engine.") ? {} : { service: "shop" };
      const text = JSON.stringify(nested(path, sampleOf(name).file));
      expect(entriesIn("config/reliability.yml", text)).toContainEqual({
        ...service,
        leaf: name,
        value: sampleOf(name).value,
      });
    },
  );
});

describe(".reliability-config.json", () => {
  const column = "`.reliability-config.json`";

  it("takes the keys of the tables and no others", () => {
    const schema = pathsOf(z.toJSONSchema(reliabilityConfigSchema, { unrepresentable: "any" }));
    expect(schema).toEqual(
      rows
        .map((row) => code(row[column]))
        .filter(isThere)
        .toSorted(),
    );
  });

  it.each(rows.filter((row) => code(row[column]) !== undefined))(
    "$setting is set by its key",
    (row) => {
      const { file, value } = sampleOf(nameOf(row));
      const text = JSON.stringify(nested(code(row[column]) ?? "", file));
      expect(entriesIn(".reliability-config.json", text)).toEqual([{ leaf: nameOf(row), value }]);
    },
  );
});

describe("code", () => {
  const keys = rows.map((row) => code(row["code"])).filter(isThere);

  it("takes the keys of the tables and no others, beside the options that are no settings", () => {
    const own = (of: string): readonly string[] =>
      inCodeOnly.flatMap((row) => (code(row["of"]) === of ? [code(row["option"]) ?? ""] : []));
    const ofEngine = without(keys, ["healthCheck", "address"]);
    const named = (paths: readonly string[]): readonly string[] =>
      [...new Set(paths.map((path) => path.split(".")[0] ?? ""))].toSorted();
    const ofServices = keys.filter((key) => !/^(?:switches|integration|thresholds)\./.test(key));
    expect(keysOf(engineReaders.engine).toSorted()).toEqual(
      named([...ofEngine, ...own("createEngine")]),
    );
    expect(keysOf(engineReaders.wrap).toSorted()).toEqual(named([...ofServices, ...own("wrap")]));
    expect(keysOf(engineReaders.register).toSorted()).toEqual(
      named([...ofServices, ...own("wrap"), ...own("registerService")]),
    );
    const readers = { ...engineOptionReaders, ...serviceOptionReaders };
    for (const [key, reader] of Object.entries(readers)) {
      const inside = keys.filter((path) => path.startsWith(`${key}.`));
      expect(
        keysOf(reader)
          .map((word) => `${key}.${word}`)
          .toSorted(),
      ).toEqual(inside.toSorted());
    }
  });

  it.each(rows.filter((row) => code(row["code"]) !== undefined))(
    "$setting is set by its key",
    (row) => {
      const [key, name] = [code(row["code"]) ?? "", nameOf(row)];
      const path = ofService.includes(name) ? `services.shop.${key}` : key;
      const given = checkOptions("test", nested(path, sampleOf(name).code), engineReaders.engine);
      const set = layerOfCode(given).entries.map(({ leaf, value }) => ({ leaf, value }));
      expect(set).toContainEqual({ leaf: name, value: sampleOf(name).value });
    },
  );
});

function nameOf(row: (typeof rows)[number]): SettingName {
  return (code(row["setting"]) ?? row["setting"]) as SettingName;
}

/** A default as it is written in the table. */
function meant(name: SettingName, cell: string): unknown {
  if (name === "limitedTo" && cell === "none") return [];
  if (cell === "none") return undefined;
  if (name.endsWith("Ms")) return parseDurationMs(cell);
  if (name === "strategies") return cell.split(", ").map((word) => code(word));
  const word = code(cell);
  if (word === undefined) return Number(cell);
  return ["true", "false"].includes(word) ? word === "true" : word;
}

interface Sample {
  readonly file: unknown;
  readonly code: unknown;
  readonly value: unknown;
}

/** A value that is not the default, as it is written, and what it is then. */
function sampleOf(name: SettingName): Sample {
  const own: Partial<Record<SettingName, Sample>> = {
    mode: same("shadow"),
    limitedTo: same(["retry"]),
    "retry.permission": { file: true, code: true, value: "declared_idempotent" },
    strategies: { file: "restart", code: "restart", value: ["restart"] },
    healthCheck: same("/health"),
    address: { file: 4102, code: "http://127.0.0.1:4102", value: "http://127.0.0.1:4102" },
    "breaker.failureRate": same(0.5),
    "breaker.slowCallRate": same(0.5),
    "bulkhead.limit": same(7),
    "bulkhead.queue": { file: 7, code: 7, value: 7 },
    "telemetry.redisUrl": same("redis://shop:6379"),
  };
  const found = own[name];
  if (found !== undefined) return found;
  if (name.endsWith("Ms")) return { file: "7s", code: "7s", value: 7000 };
  const usual = builtIn[name];
  if (typeof usual === "boolean") return same(!usual);
  if (typeof usual === "number") return same(usual < 1 ? 0.5 : 7);
  return same("other");
}

function same(value: unknown): Sample {
  return { file: value, code: value, value };
}

/** `bulkhead.queue` alone cannot be: what a section must have is added. */
function nested(path: string, value: unknown): Record<string, unknown> {
  const [first = "", ...rest] = path.split(".");
  const inner = rest.length === 0 ? value : nested(rest.join("."), value);
  return { [first]: path === "bulkhead.queue" ? { limit: 3, queue: value } : inner };
}

function entriesIn(path: string, text: string): readonly unknown[] {
  const read = readEngineFile({ path, text });
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join("; "));
  return read.value.map(({ leaf, value, service }) =>
    service === undefined ? { leaf, value } : { service, leaf, value },
  );
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

/** The paths of all values of a JSON Schema; `NAME` stands for names of people's choice. */
function pathsOf(schema: unknown): readonly string[] {
  return [...new Set(walk(schema as Node, ""))].toSorted();
}

function walk(node: Node, path: string): readonly string[] {
  // What a probe may be is the daemon's: the engine takes its address.
  if (path.endsWith("health_check")) return [path];
  const { properties = {}, additionalProperties, anyOf = [] } = node;
  const inside = Object.entries(properties).flatMap(([key, each]) =>
    walk(each, path === "" ? key : `${path}.${key}`),
  );
  const named =
    typeof additionalProperties === "object" ? walk(additionalProperties, `${path}.NAME`) : [];
  const either = anyOf.filter((each) => each.properties !== undefined);
  const found = [...inside, ...named, ...either.flatMap((each) => walk(each, path))];
  return found.length > 0 ? found : [path];
}

function without(keys: readonly string[], left: readonly string[]): readonly string[] {
  return keys.filter((key) => !left.includes(key)).toSorted();
}

function isThere(key: string | undefined): key is string {
  return key !== undefined;
}
