/** What may not be shown: values whose key says so, and passwords inside of URLs. */
import type { Json, JsonRecord } from "../kernel/index.ts";
import type { Fleet } from "./fleet.ts";
import type { TreePath } from "./tree.ts";

export const hidden = "***";

const secretName =
  /(pass(word|wd|phrase)?|secret|token|credential|(api|private|access|secret)_?key|auth(orization)?|cookie|dsn)s?$/i;

function isSecretKey(path: TreePath): boolean {
  // Values of headers are secrets more often than their names tell; what is expected of an answer
  // is none. The environment of a probe's command may hold the service's secrets,
  // that of a dump or a stream those of its database.
  if (path.slice(0, -1).includes("headers") && !path.includes("expect")) return true;
  if (/\/(parameters|(dumps|streams)\/[^/]+)\/env\//.test(`/${path.join("/")}`)) return true;
  const last = path.findLast((part) => typeof part === "string");
  if (last === "body" && isHookKey(path)) return true;
  return typeof last === "string" && secretName.test(last.replaceAll("-", "_"));
}

/** The value as explain, diff and problems may show it. */
export function maskValue(path: TreePath, value: Json): Json {
  if (isReference(path, value)) return hidden;
  if (value === null || typeof value === "boolean" || typeof value === "number") {
    return isSecretKey(path) ? hidden : value;
  }
  if (typeof value === "string") {
    if (isSecretKey(path)) return hidden;
    return isHookKey(path) ? maskAddress(value) : maskUrl(value);
  }
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => maskValue([...path, index], item));
  }
  const masked: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value))
    masked[key] = maskValue([...path, key], member);
  return masked;
}

/** The effective fleet as others may see it. */
export function maskedFleet(fleet: Fleet): Json {
  const masked = maskValue([], fleet as unknown as Json) as { readonly [key: string]: Json };
  const services: Record<string, Json> = {};
  for (const [name, service] of Object.entries(fleet.services)) {
    const shown = (masked["services"] as { readonly [key: string]: JsonRecord })[name] ?? {};
    const env: Record<string, Json> = {};
    for (const [key, value] of Object.entries((shown["env"] ?? {}) as JsonRecord)) {
      env[key] = key in (service.secrets ?? {}) ? hidden : value;
    }
    services[name] = { ...shown, env };
  }
  return { ...masked, services };
}

/** One line, not longer than a line should be. */
export function showValue(path: TreePath, value: Json): string {
  const text = JSON.stringify(maskValue(path, value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `{ env: NAME }`, `{ file: PATH }` where a text may stand. Other maps have such keys, too. */
function isReference(path: TreePath, value: Json): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const record = value as { readonly [key: string]: Json };
  const keys = Object.keys(record).filter((key) => key !== "prefix");
  if (keys.length !== 1) return false;
  if (typeof record["env"] === "string") return true;
  return typeof record["file"] === "string" && mayBeSecret(path);
}

function mayBeSecret(path: TreePath): boolean {
  const [above, last] = path.slice(-2);
  return above === "env" || above === "headers" || /^(url|undo_url|body)$/.test(String(last));
}

function isHookKey(path: TreePath): boolean {
  return path.includes("webhooks") || path.includes("reconnect");
}

/** Whoever knows the address of a webhook may call it: its path is as secret as a password. */
function maskAddress(text: string): string {
  return text.replace(/^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)[/?#].+$/is, `$1$2/${hidden}`);
}

function maskUrl(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${hidden}@`);
}
