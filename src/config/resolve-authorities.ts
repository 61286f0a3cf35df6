import { complain, pathOf, type Scope } from "./resolve-scope.ts";
import type { TreePath } from "./tree.ts";

/**
 * The certificates of the authorities (PEM) that a file holds: read with the fleet file, so that
 * one that is missing is a problem of the file and not of what it is to vouch for.
 */
export function authoritiesOf(
  scope: Scope,
  path: TreePath,
  written: string | undefined,
): string | undefined {
  if (written === undefined) return undefined;
  const place = pathOf(scope, written);
  const found = scope.readFile?.(place);
  if (found?.ok && /-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(found.value)) return found.value;
  const reason =
    found === undefined
      ? "it cannot be read here"
      : found.ok
        ? "there is no PEM in it"
        : found.error;
  complain(scope, path, {
    message: `${place} holds no certificates of authorities: ${reason}`,
    fix: "name a file of certificates that begin with -----BEGIN CERTIFICATE-----",
  });
  return undefined;
}
