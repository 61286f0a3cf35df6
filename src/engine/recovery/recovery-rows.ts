/** What is written down of a failure: bounded, and without what sounds secret. */
import { type Json, messageOf, soundsSecret } from "../../kernel/index.ts";
import type { FailureEvent, FailureRow } from "./failure.ts";

const messageMax = 2000;
const stackMax = 8000;
const contextMax = 16_384;

export function rowOf(failure: FailureEvent, eventId: string, nowMs: number): FailureRow {
  const at = Number(failure.timestamp ?? nowMs);
  return {
    eventId,
    timestamp: Number.isFinite(at) ? Math.round(at) : nowMs,
    failureCategory: failure.failureCategory,
    failureType: failure.failureType,
    severity: failure.severity,
    affectedService: failure.affectedService,
    errorMessage: cut(failure.errorMessage, messageMax),
    errorStack: cut(failure.errorStack, stackMax),
    context: plain(failure.context ?? null),
    detectionMethod: failure.detectionMethod,
    userId: failure.userId ?? null,
    requestId: failure.requestId ?? null,
    resolved: false,
    resolvedAt: null,
  };
}

/** Any value as JSON that can be kept; what cannot is told in words. Never throws. */
export function plain(value: unknown): Json {
  try {
    const text = JSON.stringify(value, (key, member: unknown) => {
      if (key !== "" && soundsSecret(key)) return "***";
      return typeof member === "bigint" ? member.toString() : member;
    });
    if (text === undefined) return null;
    if (text.length <= contextMax) return JSON.parse(text) as Json;
    return { cutOff: text.slice(0, contextMax) };
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

function cut(text: string | undefined, max: number): string | null {
  return text === undefined ? null : text.slice(0, max);
}
