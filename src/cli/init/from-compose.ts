/**
 * docker-compose files. Docker keeps running its containers; they are watched as resources, asked
 * by their own health checks, and restarted through Docker where the file says they may be.
 */

import { joinWords } from "../../config/index.ts";
import type { Json } from "../../kernel/index.ts";
import {
  type Draft,
  type DraftPart,
  draftName,
  listOf,
  recordOf,
  textOf,
  type Unmapped,
} from "./draft.ts";

type Keys = Readonly<Record<string, unknown>>;

const healthKeys: ReadonlySet<string> = new Set([
  "test",
  "interval",
  "timeout",
  "retries",
  "disable",
]);

const advices: Readonly<Record<string, string>> = {
  start_period: "use `down` and `of`; a container that starts is not healed before",
  start_interval: "resources have one interval",
};

export function fromCompose(parsed: unknown, file: string): Draft {
  const services = Object.entries(recordOf(recordOf(parsed)["services"]));
  const kinds = new Map(services.map(([name, keys]) => [name, askOf(name, recordOf(keys))]));
  const idOf = (name: string): string => `${kinds.get(name)?.kind ?? "command"}/${draftName(name)}`;
  const unmapped: Unmapped[] = [];
  const resources = services.flatMap(([name, value]): DraftPart[] => {
    const keys = recordOf(value);
    const ask = kinds.get(name);
    unmapped.push(...unmappedOf(keys, file, `services.${name}`));
    if (ask === undefined) return [];
    unmapped.push(...unwatchedPorts(keys, ask).map((each) => unwatched(each, { name, file })));
    const needs = needsOf(keys).map(idOf);
    return [
      {
        name: idOf(name),
        keys: {
          ...ask.keys,
          ...cadenceOf(recordOf(keys["healthcheck"])),
          ...(needs.length === 0 ? {} : { depends_on: needs }),
          ...restartOf(name, textOf(keys["restart"])),
        },
        remarks: [`From ${file}, service "${name}". ${ask.remark}`],
      },
    ];
  });
  return { services: [], resources, unmapped: [...unmapped, ...unmappedAround(parsed, file)] };
}

/** What stands beside the services: volumes, networks, secrets. */
function unmappedAround(parsed: unknown, source: string): readonly Unmapped[] {
  return Object.keys(recordOf(parsed))
    .filter((key) => !["services", "name", "version"].includes(key))
    .map((key) => ({ source, key, why: "stays with Docker" }));
}

function unwatched(
  port: unknown,
  { name, file }: { readonly name: string; readonly file: string },
): Unmapped {
  const key = `services.${name}.ports: ${textOf(port) ?? JSON.stringify(port)}`;
  return { source: file, key, why: "Docker publishes it; it is not looked at by itself" };
}

/** Those that the one look at the container does not go through. */
function unwatchedPorts(keys: Keys, { outside }: Ask): readonly unknown[] {
  return listOf(keys["ports"]).filter((port) => {
    const [published] = publishedPorts({ ports: [port] });
    return published === undefined || published.outside !== outside;
  });
}

interface Ask {
  /** The published port that it goes through. */
  readonly outside?: number;
  readonly kind: "http" | "tcp" | "command";
  readonly keys: Readonly<Record<string, Json>>;
  readonly remark: string;
}

function askOf(name: string, keys: Keys): Ask {
  const ports = publishedPorts(keys);
  const check = recordOf(keys["healthcheck"]);
  const test = check["disable"] === true ? undefined : check["test"];
  const words = Array.isArray(test) ? (test as unknown[]).map(String) : undefined;
  const isNone = words?.[0] === "NONE";
  if (test !== undefined && !isNone) {
    const line = words === undefined ? (textOf(test) ?? "") : words.slice(1).join(" ");
    const url = urlIn(line, ports);
    if (url !== undefined) {
      const outside = Number(new URL(url).port);
      return { outside, kind: "http", keys: { url }, remark: "Its health check, from outside." };
    }
    // `$$` is how the file writes a dollar sign.
    const raw = words?.[0] === "CMD" ? words.slice(1) : ["sh", "-c", line];
    const inside = raw.map((word) => word.replaceAll("$$", "$"));
    const command = ["docker", "compose", "exec", "-T", name, ...inside];
    return { kind: "command", keys: { command }, remark: "Its health check, inside of it." };
  }
  const [first] = ports;
  if (first !== undefined) {
    const { outside } = first;
    return { outside, kind: "tcp", keys: { port: outside }, remark: "Its first published port." };
  }
  const command = `docker compose ps --status running --quiet ${joinWords([name])}`;
  const keysOf = { command, expect: { output: "/\\w/" } };
  return { kind: "command", keys: keysOf, remark: "No port and no health check: is it running?" };
}

interface PublishedPort {
  readonly outside: number;
  readonly inside: number;
}

/** `5432`, `"8080:80"`, `"127.0.0.1:8080:80/tcp"`, `{ target: 80, published: 8080 }` */
function publishedPorts(keys: Keys): readonly PublishedPort[] {
  return listOf(keys["ports"]).flatMap((port) => {
    const map = recordOf(port);
    const text = textOf(port)?.replace(/\/(tcp|udp)$/, "");
    const parts = text?.split(":").slice(-2) ?? [];
    const outside = Number(map["published"] ?? (parts.length === 2 ? parts[0] : undefined));
    const inside = Number(map["target"] ?? parts.at(-1));
    const isUsable = Number.isInteger(outside) && outside > 0 && Number.isInteger(inside);
    return isUsable ? [{ outside, inside }] : [];
  });
}

/** A health check that asks its own port by HTTP can be asked from outside, if it is published. */
function urlIn(line: string, ports: readonly PublishedPort[]): string | undefined {
  if (!/\b(curl|wget)\b/.test(line)) return undefined;
  const [, port = "80", path = "/"] =
    /http:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?(\/[^\s"'|;&]*)?/.exec(line) ?? [
      undefined,
      "0",
    ];
  const found = ports.find(({ inside }) => inside === Number(port));
  return found === undefined ? undefined : `http://127.0.0.1:${found.outside}${path}`;
}

function cadenceOf(check: Keys): Record<string, Json> {
  const [interval, timeout] = [textOf(check["interval"]), textOf(check["timeout"])];
  const down = Number(check["retries"] ?? 0);
  return {
    ...(interval === undefined ? {} : { interval }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(Number.isInteger(down) && down > 0 ? { down, of: down } : {}),
  };
}

function needsOf(keys: Keys): readonly string[] {
  const written = keys["depends_on"];
  return Array.isArray(written)
    ? (written as unknown[]).map(String)
    : Object.keys(recordOf(written));
}

function restartOf(name: string, policy: string | undefined): Record<string, Json> {
  if (policy === undefined || policy === "no") return {};
  const command = `docker compose restart ${joinWords([name])}`;
  return {
    commands: { restart: { command, reversible: true, timeout: "60s" } },
    recovery_strategy: "command:restart",
  };
}

function unmappedOf(keys: Keys, source: string, prefix: string): readonly Unmapped[] {
  const conditions = Object.entries(recordOf(keys["depends_on"])).flatMap(([name, value]) =>
    Object.keys(recordOf(value)).map((key) => `depends_on.${name}.${key}`),
  );
  const health = Object.keys(recordOf(keys["healthcheck"])).filter((key) => !healthKeys.has(key));
  const known = new Set(["healthcheck", "depends_on", "restart", "ports"]);
  const others = Object.keys(keys).filter((key) => !known.has(key));
  return [
    ...health.map((key) => ({
      source,
      key: `${prefix}.healthcheck.${key}`,
      why: advices[key] ?? "it has no counterpart",
    })),
    ...conditions.map((key) => ({
      source,
      key: `${prefix}.${key}`,
      why: "Docker keeps it; here a dependency that is not well is the cause, in any case",
    })),
    ...others.map((key) => ({
      source,
      key: `${prefix}.${key}`,
      why: key === "deploy" ? "deployment stays with Docker" : "stays with Docker",
    })),
  ];
}
