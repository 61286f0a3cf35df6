/**
 * A line: a piece of a server's log without a gap, and the copies of everything (bases) that it can
 * be replayed on. Its note, `line.json`, lies beside them in every snapshot, so that a restore
 * needs nothing but the vault.
 */
import { z } from "zod";
import type { VaultSpec } from "../../config/index.ts";

export type StreamSpec = VaultSpec["streams"][string];

const place = z.object({ file: z.string(), offset: z.number() });
const line = z.object({
  kind: z.enum(["postgres", "mariadb"]),
  /** Of PostgreSQL's segments; 0 for others. */
  segmentBytes: z.number(),
  /** Oldest first. */
  bases: z.array(
    z.object({
      /** Name of its folder. */
      id: z.string(),
      /** By the server's clock: no earlier moment can be reached with it. */
      atMs: z.number(),
      /** Where its replay begins. */
      from: place,
      /** By our own clock: since when it lies where snapshots find it. */
      keptAtMs: z.number(),
    }),
  ),
  /** All that was committed until `atMs` lies before `place`, and is here. */
  covered: z.object({ atMs: z.number(), place }).optional(),
  /** Why the line does not go on. */
  ended: z.object({ atMs: z.number(), reason: z.string() }).optional(),
});

export type Line = Readonly<z.infer<typeof line>>;
export type Base = Readonly<Line["bases"][number]>;
export type Mark = NonNullable<Line["covered"]>;
export type Place = Readonly<z.infer<typeof place>>;

export const lineFile = "line.json";

/** Undefined: it says nothing that can be used. */
export function lineOfText(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    // Torn or edited.
    return undefined;
  }
}

/** The newest base of the line from which the moment can be reached; undefined: there is none. */
export function baseFor({ bases, covered }: Line, atMs: number): Base | undefined {
  if (covered === undefined || atMs > covered.atMs) return undefined;
  return bases.findLast((base) => base.atMs <= atMs);
}
