/**
 * What an importer makes of a foreign file: parts of a fleet file, each with a remark on where it
 * is from, and every key that has no counterpart here, with what to do about it.
 */
import type { Json } from "../../kernel/index.ts";

export interface Draft {
  readonly services: readonly DraftPart[];
  /** Their names are `kind/name`. */
  readonly resources: readonly DraftPart[];
  readonly unmapped: readonly Unmapped[];
}

export interface DraftPart {
  readonly name: string;
  /** Keys and values as the fleet file has them. */
  readonly keys: Readonly<Record<string, Json>>;
  readonly remarks: readonly string[];
}

export interface Unmapped {
  /** The file, or what else it is from. */
  readonly source: string;
  /** `apps[0].watch` */
  readonly key: string;
  /** Why not, or what to use instead. */
  readonly why: string;
}

/** A fleet file's name for what others call anything. */
export function draftName(name: string): string {
  const plain = name.replace(/^@[^/]*\//, "").replaceAll(/[^A-Za-z0-9_-]+/g, "-");
  return plain.replaceAll(/^[^A-Za-z0-9]+|-+$/g, "") || "service";
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = value !== null && typeof value === "object" && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Undefined for what is neither a text nor a number. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The key of what concerns a file as a whole. */
export const wholeFile = "the whole file";

export const nothing: Draft = { services: [], resources: [], unmapped: [] };
