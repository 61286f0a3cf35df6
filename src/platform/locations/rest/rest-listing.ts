/** The names of all files of a kind, as servers of both versions of the protocol list them. */
import type { HttpAnswer } from "../http/http-client.ts";

export const secondVersion = "application/vnd.x.restic.rest.v2";

export interface RestName {
  readonly name: string;
  /** The first version does not tell it. */
  readonly sizeBytes: number | undefined;
}

/** Undefined for what is no list; part of one must never pass for all of it. */
export function restListing({ body }: HttpAnswer): readonly RestName[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    // A page for people, or what a proxy says.
    return undefined;
  }
  // An empty list is null where the server's language has one for it.
  if (json === null) return [];
  if (!Array.isArray(json)) return undefined;
  const names = json.map(restName);
  return names.every((name) => name !== undefined) ? names : undefined;
}

function restName(value: unknown): RestName | undefined {
  if (typeof value === "string") return { name: value, sizeBytes: undefined };
  if (typeof value !== "object" || value === null) return undefined;
  const { name, size } = value as { readonly name?: unknown; readonly size?: unknown };
  const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  return typeof name === "string" && isSize ? { name, sizeBytes: size } : undefined;
}
