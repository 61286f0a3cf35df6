/**
 * The locations of a vault, each by the adapter of its kind. Nothing is reached yet, and nothing is
 * asked again: see `withRetries`.
 */
import type { VaultLocationSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import {
  openFileLocation,
  openSftpLocation,
  RestLocation,
  type S3Credentials,
  S3Location,
  s3Credentials,
} from "../platform/locations/index.ts";
import { realClock } from "../system/index.ts";
import type { Location } from "../vault/index.ts";

/** What is missing in the fleet file may be there, under the names that every tool knows. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws SoulMirrorError CONFIG_INVALID when the key of a bucket is nowhere */
export function locationsOf(
  specs: readonly VaultLocationSpec[],
  environment: Environment,
): readonly Location[] {
  return specs.map((spec) => locationOf(spec, environment));
}

function locationOf(spec: VaultLocationSpec, environment: Environment): Location {
  const { address, credentials, isAppendOnly, name, region } = spec;
  const traits = { region, isAppendOnly };
  const { authorities, identityFile, password } = credentials;
  const authority = authorities === undefined ? {} : { authority: authorities };
  switch (address.kind) {
    case "file":
      return openFileLocation({ folder: address.folder, ...traits });
    case "sftp": {
      const { host, path, port, user } = address;
      return openSftpLocation({
        target: { host, user, port, identityFile },
        folder: path,
        name,
        ...traits,
      });
    }
    case "rest":
      return new RestLocation({
        address,
        ...traits,
        ...authority,
        ...(password === undefined ? {} : { password }),
      });
    case "s3": {
      const key = s3KeyOf(spec, environment);
      const stores = { clock: realClock, credentials: () => key };
      const where = region === "" ? { isAppendOnly } : traits;
      return new S3Location({ address, ...stores, ...where, ...authority });
    }
  }
}

function s3KeyOf(spec: VaultLocationSpec, environment: Environment): S3Credentials {
  const { accessKey, secretKey, sessionToken } = spec.credentials;
  const found = s3Credentials({
    ...environment,
    ...(accessKey === undefined ? {} : { AWS_ACCESS_KEY_ID: accessKey }),
    ...(secretKey === undefined ? {} : { AWS_SECRET_ACCESS_KEY: secretKey }),
    // The token of the environment belongs to the key of the environment.
    ...(accessKey === undefined && sessionToken === undefined
      ? {}
      : { AWS_SESSION_TOKEN: sessionToken }),
  });
  if (found.ok) return found.value;
  throw new SoulMirrorError("CONFIG_INVALID", `${spec.name}: ${found.error}`, {
    fix: "set it, or write access_key and secret_key at the location",
  });
}
