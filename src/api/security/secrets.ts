/**
 * Secrets that are compared and made here and nowhere else. A session id and a one-time code must
 * be unguessable, so they come from the operating system and not from the injected chance.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** In constant time, whatever the lengths are. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

export function freshSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored instead of the secret itself. */
export function fingerprint(secret: string): string {
  return digest(secret).toString("base64url");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
