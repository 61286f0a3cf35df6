/**
 * The audit trail of a vault: what happened to it, a line of canonical JSON each. A line holds the
 * SHA-256 of the line before and is signed, so that nobody without the private key can change,
 * insert, drop or add one unnoticed. That the end was cut off shows by anchors: signed notes of
 * the end, in the file of the head and in every drill report.
 *
 * U1. Sequences count from 1 without holes; `before` of the first line is 64 zeros.
 * U2. A line is the canonical form of what it says, so that there is one text for one entry.
 * U3. Facts hold no secrets and no contents of files: the trail is made to be shown around.
 */
import { assert, canonicalJson, type Json, type JsonRecord } from "../../kernel/index.ts";
import { isWellFormed, type Signer, sha256Of } from "./signing.ts";

export const auditKinds = [
  "initialised",
  "backup",
  "suspect",
  "damage-found",
  "repaired",
  "healed",
  "accepted",
  "drill",
  "forgotten",
  /** Snapshots that nobody can restore whole, which somebody let go. */
  "given-up",
  "pruned",
  "restored",
  /** Moments of a database that no restore can reach. */
  "stream-gap",
  "location-added",
  "location-detached",
  /** A write was broken off by a kill or a full disk; what was there of it was taken away. */
  "torn",
  /** The head named a later entry than the trail holds: the end was lost, or cut off. */
  "cut",
] as const;

export type AuditKind = (typeof auditKinds)[number];

export interface AuditEntry {
  readonly sequence: number;
  /** Wall time in whole milliseconds. */
  readonly at: number;
  readonly kind: AuditKind;
  readonly facts: JsonRecord;
  /** SHA-256 of the line before, in hex. */
  readonly before: string;
}

/** The end of a trail at some time. */
export interface TrailEnd {
  /** 0: nothing was written yet. */
  readonly sequence: number;
  /** SHA-256 of the last line, in hex; 64 zeros before the first. */
  readonly hash: string;
}

export const emptyTrail: TrailEnd = { sequence: 0, hash: "0".repeat(64) };

/** Longer lines are refused by who writes and by who reads. */
export const lineBytesMax = 65_536;

export interface AuditEvent {
  readonly at: number;
  readonly kind: AuditKind;
  readonly facts: JsonRecord;
}

export interface SealedLine {
  /** Without its newline. */
  readonly line: string;
  readonly end: TrailEnd;
}

export function sealAuditLine(end: TrailEnd, event: AuditEvent, signer: Signer): SealedLine {
  const { at, kind, facts } = event;
  assert(isWellFormed(facts), "facts of the audit trail have no canonical form");
  const sequence = end.sequence + 1;
  const entry: AuditEntry = { sequence, at: Math.floor(at), kind, facts, before: end.hash };
  const line = canonicalJson({ ...entry, signature: signer.sign(canonicalJson(entry)) });
  assert(line.length * 3 <= lineBytesMax, "facts of the audit trail are too long for a line");
  return { line, end: { sequence, hash: sha256Of(line) } };
}

export interface ReadLine {
  readonly entry: AuditEntry;
  readonly signature: string;
}

/** Undefined: it is no line of a trail, or not in its one form (U2). Proves nothing by itself. */
export function readAuditLine(line: string): ReadLine | undefined {
  const value = recordIn(line);
  if (value === undefined) return undefined;
  const { signature, ...rest } = value;
  const { sequence, at, kind, facts, before, ...strange } = rest;
  const isEntry =
    isCount(sequence) &&
    isCount(at) &&
    auditKinds.some((each) => each === kind) &&
    isRecord(facts) &&
    typeof before === "string" &&
    typeof signature === "string" &&
    Object.keys(strange).length === 0;
  return isEntry ? { entry: rest as unknown as AuditEntry, signature } : undefined;
}

/** The record that a canonical text stands for. */
export function recordIn(text: string): JsonRecord | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isRecord(value) && canonicalJson(value) === text ? value : undefined;
  } catch {
    // Not JSON.
    return undefined;
  }
}

export function isRecord(value: Json | undefined): value is JsonRecord {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isCount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
