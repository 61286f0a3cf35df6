/**
 * What is written down of a failure: bounded, without what looks or sounds secret, and of the types
 * of its columns, whatever code without types hands in: a row that cannot be kept helps nobody.
 */
import { type Json, messageOf, soundsSecret } from "../../kernel/index.ts";
import { redact } from "../redact.ts";
import type { FailureEvent, FailureRow } from "./failure.ts";

const unsaid = "unknown";
const messageMax = 2000;
const stackMax = 8000;
const contextMax = 16_384;

export function rowOf(failure: FailureEvent, eventId: string, nowMs: number): FailureRow {
  const at = Number(failure.timestamp ?? nowMs);
  return {
    eventId,
    timestamp: Number.isFinite(at) ? Math.round(at) : nowMs,
    failureCategory: failure.failureCategory ?? unsaid,
    failureType: failure.failureType,
    severity: failure.severity ?? "medium",
    affectedService: failure.affectedService,
    errorMessage: cut(failure.errorMessage, messageMax),
    errorStack: cut(failure.errorStack, stackMax),
    context: plain(failure.context ?? null),
    detectionMethod: failure.detectionMethod ?? unsaid,
    userId: textIn(failure.userId),
    requestId: textIn(failure.requestId),
    resolved: false,
    resolvedAt: null,
  };
}

/** Any value as JSON that can be kept; what cannot is told in words. Never throws. */
export function plain(value: unknown): Json {
  try {
    const text = JSON.stringify(value, (key, member: unknown) => {
      if (key !== "" && soundsSecret(key)) return "***";
      if (typeof member === "string") return redact(member, contextMax);
      return typeof member === "bigint" ? member.toString() : member;
    });
    if (text === undefined) return null;
    if (text.length <= contextMax) return JSON.parse(text) as Json;
    return { cutOff: text.slice(0, contextMax) };
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

function cut(value: unknown, max: number): string | null {
  const text = textIn(value);
  return text === null ? null : redact(text, max).slice(0, max);
}

function textIn(value: unknown): string | null {
  return value === undefined || value === null ? null : messageOf(value);
}
