/**
 * A repository's config: the version of its format, its name, and the polynomial that its files are
 * cut by. Sealed, but never packed, so that every version can read which one it is.
 */
import { Buffer } from "node:buffer";
import {
  failed,
  type Json,
  messageOf,
  type Result,
  SoulMirrorError,
  success,
} from "../../kernel/index.ts";
import { formatPolynomial, isCuttingPolynomial, parsePolynomial } from "../chunk/polynomial.ts";
import { textOf } from "./packed-json.ts";
import type { Sealer } from "./seal.ts";

export interface RepositoryConfig {
  /** 64 hexadecimal digits in lower case. */
  readonly id: string;
  readonly polynomial: bigint;
}

/** The one that we read and write. */
const formatVersion = 2;

export function sealConfig(
  { id, polynomial }: RepositoryConfig,
  sealer: Sealer,
  nonce: Uint8Array,
): Uint8Array {
  const config: Json = {
    version: formatVersion,
    id,
    chunker_polynomial: formatPolynomial(polynomial),
  };
  return sealer.seal(Buffer.from(JSON.stringify(config), "utf8"), nonce);
}

/** Or an error `VAULT_DAMAGED`, `VAULT_TOO_NEW`, or `CONFLICT` for the version before. */
export function openConfig(
  sealed: Uint8Array,
  sealer: Sealer,
): Result<RepositoryConfig, SoulMirrorError> {
  const bytes = sealer.open(sealed);
  if (bytes === undefined) return failed(damaged("its MAC does not fit"));
  try {
    return readConfig(JSON.parse(textOf(bytes)));
  } catch (error) {
    return failed(damaged(messageOf(error)));
  }
}

function readConfig(json: unknown): Result<RepositoryConfig, SoulMirrorError> {
  if (typeof json !== "object" || json === null) return failed(damaged("it is no object"));
  const { version, id, chunker_polynomial: hex } = json as Readonly<Record<string, unknown>>;
  const wrongVersion = refusedVersion(version);
  if (wrongVersion !== undefined) return failed(wrongVersion);
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) return failed(damaged("it has no id"));
  const polynomial = typeof hex === "string" ? parsePolynomial(hex) : undefined;
  if (polynomial === undefined || !isCuttingPolynomial(polynomial)) {
    return failed(damaged("no files can be cut by its polynomial"));
  }
  return success({ id, polynomial });
}

function refusedVersion(version: unknown): SoulMirrorError | undefined {
  if (version === formatVersion) return undefined;
  if (version === 1) {
    return new SoulMirrorError("CONFLICT", "the repository has version 1 of the format, not 2", {
      fix: "Bring it to version 2 with `restic migrate upgrade_repo_v2`.",
    });
  }
  if (Number.isSafeInteger(version) && (version as number) > formatVersion) {
    const message = `the repository has version ${String(version)} of the format; we know 2`;
    return new SoulMirrorError("VAULT_TOO_NEW", message, {
      fix: "Use the version of the program that wrote it, or a later one.",
    });
  }
  return damaged("it has no version");
}

function damaged(why: string): SoulMirrorError {
  return new SoulMirrorError("VAULT_DAMAGED", `the repository's config cannot be read: ${why}`, {
    fix: "It is the same in all locations of a vault: copy it from one where it is sound.",
  });
}
