/**
 * Whose a path is: the vault that protects it, and the path as that vault knows it. What is gone
 * already has a path as well: links above it are followed as far as there is something.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { VaultSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { isInside, rawPathOfText } from "../vault/index.ts";
import { realPathOf, withHome } from "./path-meant.ts";
import { protectedTree } from "./protected-tree.ts";

export interface Protecting {
  readonly spec: VaultSpec;
  /** Absolute. */
  readonly path: string;
}

/**
 * @param written as a person writes it: absolute, relative, or below `~`
 * @throws SoulMirrorError NOT_FOUND when it lies in no source, BAD_REQUEST for a pattern
 */
export function whoProtects(specs: readonly VaultSpec[], written: string): Protecting {
  const path = realPathOf(resolve(withHome(written)));
  if (/[*?]/.test(path) && !existsSync(path)) {
    throw new SoulMirrorError("BAD_REQUEST", `${written} is a pattern, and a path is meant`, {
      fix: "name one path: a folder stands for all that is below it",
    });
  }
  const known: string[] = [];
  for (const spec of specs) {
    const { sources } = protectedTree(spec);
    if (sources.some((source) => isInside(rawPathOfText(path), source))) return { spec, path };
    known.push(...spec.sources);
  }
  throw new SoulMirrorError("NOT_FOUND", `no vault protects ${path}`, {
    fix: known.length === 0 ? "declare one below `vaults`" : `protected: ${known.join(", ")}`,
  });
}
