/**
 * Where a vault's location is, as people write it: `file:/srv/vault`, `../vault`, `~/vault`,
 * `sftp://backup@host/vault`, `s3://bucket/vault`, `rest:https://host/vault`, and the forms that
 * restic has for the same places. Nothing is looked at: the text alone decides.
 *
 * A1. What an address means is said once, here: whoever reaches a location reads no URL again.
 * A2. A password never is in a name or in a message; everything else of an address may be shown.
 * A3. Two texts for one place give addresses with equal `identityOfAddress`.
 */
import { failed, type Result, success } from "./result.ts";

export type LocationAddress = FolderAddress | SftpAddress | S3Address | RestAddress;

export interface FolderAddress {
  readonly kind: "file";
  /** Absolute, without `.` and `..`. */
  readonly folder: string;
}

export interface SftpAddress {
  readonly kind: "sftp";
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** `/srv/vault`; without a slash before it, relative to the folder that the login begins in. */
  readonly path: string;
}

export interface S3Address {
  readonly kind: "s3";
  readonly bucket: string;
  /** Without slashes around it; empty: the whole bucket. */
  readonly prefix: string;
  /** `https://host:port`; missing: the one of the provider that is used without any. */
  readonly endpoint?: string;
  readonly region?: string;
}

export interface RestAddress {
  readonly kind: "rest";
  /** Of the repository, with a slash at its end and without credentials. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
}

export interface AddressProblem {
  readonly message: string;
  readonly fix: string;
}

/** Where relative paths and `~` begin. */
export interface AddressBase {
  /** Absolute. */
  readonly folder: string;
  readonly home?: string | undefined;
}

type Parsed = Result<LocationAddress, AddressProblem>;

const fix = "write file:/PATH, sftp://USER@HOST/PATH, s3://BUCKET/PREFIX or rest:https://HOST/PATH";

/** Longer ones are refused before anything looks at them. */
const maxLength = 4096;

export function parseLocationAddress(text: string, base: AddressBase): Parsed {
  if (text.length > maxLength) return failed({ message: "the address is too long", fix });
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) {
    return failed({ message: "the address holds a control character", fix: "take it out" });
  }
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(text) ?? ["", "", text];
  switch (scheme.toLowerCase()) {
    case "":
    case "file":
      return folderAddress(rest.replace(/^\/\/(?=\/)/, ""), base);
    case "sftp":
      return rest.startsWith("//") ? sftpUrl(text) : sftpShort(rest);
    case "s3":
      return s3Address(rest);
    case "rest":
      return restAddress(rest);
    default:
      return failed({ message: `"${scheme}:" is no kind of location`, fix });
  }
}

/** As others may see it; another text for the same place where the text held a secret. */
export function nameOfAddress(address: LocationAddress): string {
  switch (address.kind) {
    case "file":
      return `file:${address.folder}`;
    case "sftp": {
      const { host, user, port, path } = address;
      const who = user === undefined ? "" : `${encodeURIComponent(user)}@`;
      const where = `${bracketed(host)}${port === undefined ? "" : `:${port}`}`;
      return `sftp://${who}${where}/${encodeURI(path)}`;
    }
    case "s3": {
      const { bucket, prefix, endpoint } = address;
      const inside = prefix === "" ? bucket : `${bucket}/${prefix}`;
      return endpoint === undefined ? `s3://${inside}` : `s3:${endpoint}/${inside}`;
    }
    case "rest":
      return `rest:${address.url}`;
  }
}

/** Equal for one place, however it was written and whoever logs in (A3). */
export function identityOfAddress(address: LocationAddress): string {
  switch (address.kind) {
    case "sftp": {
      // Whose login folder a relative path begins in makes a difference.
      const user = address.path.startsWith("/") ? undefined : address.user;
      const { host, path, port = 22 } = address;
      return nameOfAddress({
        kind: "sftp",
        host: host.toLowerCase(),
        path: path.replace(/(?<=.)\/+$/, ""),
        port,
        ...(user === undefined ? {} : { user }),
      });
    }
    default:
      return nameOfAddress(address);
  }
}

function folderAddress(path: string, { folder, home }: AddressBase): Parsed {
  if (path === "") return failed({ message: "the address names no folder", fix });
  if (/^~[^/]/.test(path)) {
    const message = `the home of another user (${path.replace(/\/.*$/s, "")}) is not looked up`;
    return failed({ message, fix: "write the whole path" });
  }
  if (!path.startsWith("~")) return success({ kind: "file", folder: absolute(path, folder) });
  if (home === undefined || home === "") {
    const message = "~ cannot be used: the environment has no HOME";
    return failed({ message, fix: "write the whole path" });
  }
  return success({ kind: "file", folder: absolute(`.${path.slice(1)}`, home) });
}

function absolute(path: string, folder: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${folder}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** `sftp://user@host:port/relative` and `sftp://user@host:port//absolute`, as restic has it. */
function sftpUrl(text: string): Parsed {
  const match = /^sftp:\/\/(?:([^@/]*)@)?(\[[^\]]+\]|[^:/]*)(?::([^/]*))?(?:\/(.*))?$/i.exec(text);
  const [, user, host = "", port, path = ""] = match ?? [];
  if (user?.includes(":") === true) return failed(noPassword);
  const plainPath = decoded(path);
  const plainUser = user === undefined ? undefined : decoded(user);
  if (plainPath === undefined || (user !== undefined && plainUser === undefined)) {
    return failed({ message: "the address has a % that begins no two digits", fix: "write %25" });
  }
  return sftpAddress({ host, path: plainPath, user: plainUser, port });
}

const noPassword: AddressProblem = {
  message: "an SFTP location takes no password",
  fix: "let ssh use a key, and leave the password out",
};

/** `sftp:user@host:path`, as restic and scp have it. */
function sftpShort(rest: string): Parsed {
  const match = /^(?:([^@/:]*)@)?(\[[^\]]+\]|[^:/]*):(.*)$/.exec(rest);
  if (match === null) return failed({ message: "the address names no host and path", fix });
  const [, user, host = "", path = ""] = match;
  return sftpAddress({ host, path, user, port: undefined });
}

interface SftpParts {
  readonly host: string;
  readonly path: string;
  readonly user: string | undefined;
  readonly port: string | undefined;
}

/** What begins with a hyphen would be an option of ssh, not a name. */
const sshName = /^[^-\s][^\s]*$/;

function sftpAddress({ host, path, user, port }: SftpParts): Parsed {
  const name = host.replace(/^\[(.+)\]$/, "$1");
  if (!sshName.test(name)) return failed({ message: "the address names no host", fix });
  if (user !== undefined && !sshName.test(user)) {
    return failed({ message: "the user of the address cannot be one", fix: "write USER@HOST" });
  }
  const number = Number(port);
  if (port !== undefined && !(Number.isInteger(number) && number > 0 && number < 65_536)) {
    return failed({ message: `"${port}" is no port`, fix: "write a number from 1 to 65535" });
  }
  if (path === "") return failed({ message: "the address names no folder at the host", fix });
  return success({
    kind: "sftp",
    host: name,
    path,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: number }),
  });
}

/** `s3://bucket/prefix?endpoint=&region=`, `s3:host/bucket/prefix`, `s3:https://host/bucket`. */
function s3Address(rest: string): Parsed {
  const [place, query] = splitAt(rest, "?");
  const options = new Map(query === "" ? [] : query.split("&").map((each) => splitAt(each, "=")));
  for (const name of options.keys()) {
    if (name === "endpoint" || name === "region") continue;
    return failed({ message: `"${name}" is no option of s3`, fix: "use endpoint and region" });
  }
  const region = decoded(options.get("region") ?? "");
  const wanted = decoded(options.get("endpoint") ?? "");
  if (region === undefined || wanted === undefined) {
    return failed({ message: "the address has a % that begins no two digits", fix: "write %25" });
  }
  const own = /^(https?:\/\/)?([^/]+)\/(.*)$/is.exec(place);
  const isOwn = place.startsWith("//") ? false : own !== null;
  const endpoint = isOwn ? `${own?.[1] ?? "https://"}${own?.[2] ?? ""}` : wanted;
  if (endpoint !== "" && !/^https?:\/\/[^\s/@?#]+$/i.test(endpoint.replace(/\/$/, ""))) {
    const message = "the endpoint of the address is not http(s)://HOST:PORT";
    return failed({ message, fix: "write it without a user and without a path" });
  }
  const path = isOwn ? (own?.[3] ?? "") : place.replace(/^\/\//, "");
  const [bucket, prefix] = splitAt(path, "/");
  if (!/^[a-z0-9][a-z0-9._-]{1,62}$/i.test(bucket)) {
    return failed({ message: `"${bucket}" cannot be the name of a bucket`, fix });
  }
  return success({
    kind: "s3",
    bucket,
    prefix: prefix.split("/").filter(Boolean).join("/"),
    ...(endpoint === "" ? {} : { endpoint: endpoint.replace(/\/$/, "").toLowerCase() }),
    ...(region === "" ? {} : { region }),
  });
}

function restAddress(rest: string): Parsed {
  const match = /^(https?:\/\/)(?:([^@/]*)@)?([^/@?#\s]+)(\/[^?#\s]*)?$/i.exec(rest);
  const [, scheme = "", who, host = "", path = "/"] = match ?? [];
  if (match === null) {
    return failed({ message: "the address is not rest:http(s)://HOST:PORT/PATH", fix });
  }
  const [user, password] = (who === undefined ? [] : splitAt(who, ":")).map(decoded);
  if (who !== undefined && (user === undefined || password === undefined)) {
    return failed({ message: "the address has a % that begins no two digits", fix: "write %25" });
  }
  return success({
    kind: "rest",
    url: `${scheme}${host}`.toLowerCase() + (path.endsWith("/") ? path : `${path}/`),
    ...(user === undefined || user === "" ? {} : { user }),
    ...(password === undefined || password === "" ? {} : { password }),
  });
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // The only thing that it throws for is a % without its two digits.
    return undefined;
  }
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
