/**
 * A note that is signed: what is said, by which key, and the signature over both. Drill reports
 * and the head of an audit trail are such notes.
 */
import { assert, canonicalJson, type JsonRecord } from "../../kernel/index.ts";
import { isRecord, recordIn, type TrailEnd } from "./audit-entry.ts";
import { isSignedBy, isWellFormed, type Signer } from "./signing.ts";

export function signNote(content: JsonRecord, signer: Signer): string {
  assert(isWellFormed(content), "what is to be signed has no canonical form");
  const { publicKey } = signer;
  const signature = signer.sign(canonicalJson({ content, publicKey }));
  return `${canonicalJson({ content, publicKey, signature })}\n`;
}

export type ReadNote =
  | { readonly kind: "signed"; readonly content: JsonRecord }
  | { readonly kind: "unreadable" | "edited" | "foreign" };

/** `foreign`: another key has signed it, if any. */
export function readNote(text: string, trustedKey: string): ReadNote {
  const value = text.endsWith("\n") ? recordIn(text.slice(0, -1)) : undefined;
  if (value === undefined) return { kind: "unreadable" };
  const { content, publicKey, signature, ...strange } = value;
  if (!isRecord(content) || Object.keys(strange).length > 0) return { kind: "unreadable" };
  if (typeof publicKey !== "string" || typeof signature !== "string") return { kind: "unreadable" };
  if (publicKey !== trustedKey) return { kind: "foreign" };
  const isTrue = isSignedBy(publicKey, canonicalJson({ content, publicKey }), signature);
  return isTrue ? { kind: "signed", content } : { kind: "edited" };
}

export function signHead({ sequence, hash }: TrailEnd, signer: Signer): string {
  return signNote({ kind: "head", sequence, hash }, signer);
}

/** Undefined: none, or nothing that can be believed. */
export function readHead(text: string, trustedKey: string): TrailEnd | undefined {
  const note = readNote(text, trustedKey);
  return note.kind === "signed" && note.content["kind"] === "head"
    ? trailEndIn(note.content)
    : undefined;
}

export function trailEndIn(content: JsonRecord): TrailEnd | undefined {
  const { sequence, hash } = content;
  return typeof sequence === "number" && typeof hash === "string" ? { sequence, hash } : undefined;
}
