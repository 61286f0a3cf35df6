/** What is to stand in an audit trail, and cannot yet: signed, so that it is believed later. */
import { assert, canonicalJson, type JsonRecord } from "../../kernel/index.ts";
import { type AuditEvent, auditKinds, isCount, isRecord, lineBytesMax } from "./audit-entry.ts";
import { readNote, signNote } from "./signed-note.ts";
import type { Signer } from "./signing.ts";

/** An entry has its place in the chain besides. */
const roomForChain = 2000;

export function signWaitingNote({ at, facts, kind }: AuditEvent, signer: Signer): string {
  const size = canonicalJson(facts).length;
  assert((size + roomForChain) * 3 <= lineBytesMax, "facts of the audit trail are too long");
  const entry: JsonRecord = { kind: "waiting", at: Math.floor(at), entry: kind, facts };
  return signNote(entry, signer);
}

/** Undefined: none, or nothing that can be believed. */
export function readWaitingNote(text: string, trustedKey: string): AuditEvent | undefined {
  const note = readNote(text, trustedKey);
  if (note.kind !== "signed" || note.content["kind"] !== "waiting") return undefined;
  const { at, entry, facts } = note.content;
  const kind = auditKinds.find((each) => each === entry);
  return kind !== undefined && isCount(at) && isRecord(facts) ? { at, kind, facts } : undefined;
}
