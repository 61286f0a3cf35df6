/** An attempt that its caller has given up, whatever they gave as the reason: cancelled. */
export function givenUp(provider: string, cause: unknown): Error {
  return new DOMException(`${provider} was given up by its caller`, { name: "AbortError", cause });
}
