/**
 * Where a vault is kept, and what of that people hardly meant: one place twice, a location among
 * what it protects, places that do not outlive the machine's next start.
 */
import {
  identityOfAddress,
  type LocationAddress,
  nameOfAddress,
  parseLocationAddress,
} from "../kernel/index.ts";
import { authoritiesOf } from "./resolve-authorities.ts";
import { complain, pathOf, type Scope } from "./resolve-scope.ts";
import type { WrittenLocation } from "./schema-vaults.ts";
import { secretOf } from "./secret.ts";
import type { TreePath } from "./tree.ts";
import type { LocationCredentials, VaultLocationSpec } from "./vault-spec.ts";

/** Problems go to `scope.problems`; what cannot be read is left out. */
export function locationsOf(
  scope: Scope,
  path: TreePath,
  { written, sources }: { written: readonly WrittenLocation[]; sources: readonly string[] },
): readonly VaultLocationSpec[] {
  const found: VaultLocationSpec[] = [];
  const places = new Map<string, number>();
  for (const [index, each] of written.entries()) {
    const spec = locationOf(scope, [...path, index], each);
    if (spec === undefined) continue;
    const place = identityOfAddress(spec.address);
    const other = places.get(place);
    if (other !== undefined) {
      const message = `it is the same place as location ${other + 1}: ${spec.name}`;
      complain(scope, [...path, index], { message, fix: "name another place, or leave it out" });
    }
    places.set(place, index);
    judgeFolder(scope, [...path, index], { spec, sources });
    found.push(spec);
  }
  return found;
}

function locationOf(
  scope: Scope,
  path: TreePath,
  written: WrittenLocation,
): VaultLocationSpec | undefined {
  const isShort = typeof written === "string";
  const urlPath = isShort ? path : [...path, "url"];
  const url = secretOf(scope, urlPath, isShort ? written : written.url);
  if (url === undefined) return undefined;
  const base = { folder: scope.baseDir, home: scope.environment["HOME"] };
  const read = parseLocationAddress(url, base);
  if (!read.ok) {
    complain(scope, urlPath, read.error);
    return undefined;
  }
  const address = read.value;
  if (address.kind === "rest" && address.password !== undefined) {
    scope.secrets.push(address.password);
  }
  return {
    address,
    name: nameOfAddress(address),
    region: isShort ? "" : written.region,
    isAppendOnly: isShort ? false : written.append_only,
    credentials: isShort ? {} : credentialsOf(scope, path, { written, address }),
  };
}

type LongLocation = Exclude<WrittenLocation, string>;
type SecretKey = "password" | "access_key" | "secret_key" | "session_token";

const keysFor: Readonly<Record<LocationAddress["kind"], readonly (keyof LongLocation)[]>> = {
  file: [],
  sftp: ["identity"],
  s3: ["authorities", "access_key", "secret_key", "session_token"],
  rest: ["authorities", "password"],
};

function credentialsOf(
  scope: Scope,
  path: TreePath,
  { written, address }: { written: LongLocation; address: LocationAddress },
): LocationCredentials {
  const usable = keysFor[address.kind];
  for (const key of Object.values(keysFor).flat()) {
    if (written[key] === undefined || usable.includes(key)) continue;
    const message = `a location of the kind ${address.kind} has no use for it`;
    complain(scope, [...path, key], { message, fix: "leave it out" });
  }
  const secret = (key: SecretKey): string | undefined => {
    const value = written[key];
    return value === undefined ? undefined : secretOf(scope, [...path, key], value);
  };
  const { identity } = written;
  const all = {
    identityFile:
      identity === undefined ? undefined : homePathOf(scope, [...path, "identity"], identity),
    authorities: authoritiesOf(scope, [...path, "authorities"], written.authorities),
    password: secret("password"),
    accessKey: secret("access_key"),
    secretKey: secret("secret_key"),
    sessionToken: secret("session_token"),
  };
  const said = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

/** An absolute path, where `~` is the home of whoever runs us; undefined when there is none. */
export function homePathOf(scope: Scope, path: TreePath, written: string): string | undefined {
  if (!written.startsWith("~")) return pathOf(scope, written);
  const base = { folder: scope.baseDir, home: scope.environment["HOME"] };
  const read = parseLocationAddress(`file:${written}`, base);
  if (read.ok && read.value.kind === "file") return read.value.folder;
  if (!read.ok) complain(scope, path, read.error);
  return undefined;
}

const volatileFolders: readonly string[] = ["/tmp", "/var/tmp", "/run", "/var/run", "/dev"];

function judgeFolder(
  scope: Scope,
  path: TreePath,
  { spec, sources }: { spec: VaultLocationSpec; sources: readonly string[] },
): void {
  if (spec.address.kind !== "file") return;
  const { folder } = spec.address;
  const where = path.slice(0, -1).join(".");
  const volatile = volatileFolders.find((each) => isInside(folder, each));
  if (volatile !== undefined) {
    scope.warnings.push(
      `${where}: ${spec.name} is in ${volatile}, which is emptied at times; what is lost there is written again from the other locations`,
    );
  }
  for (const source of sources) {
    if (isInside(source, folder)) {
      const message = `the source ${source} is inside of this location`;
      complain(scope, path, { message, fix: "keep the vault in a folder of its own" });
    } else if (isInside(folder, source)) {
      scope.warnings.push(
        `${where}: ${spec.name} is inside of the source ${source}; it is left out of the backup by itself`,
      );
    }
  }
}

/** Or the same. Both are absolute and without `..`. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
