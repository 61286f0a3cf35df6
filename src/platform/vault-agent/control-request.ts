/** What an agent of a vault can be asked. Everything resolves when it is done, and not before. */

const dutyNames = ["backup", "heal", "drill", "catch-up"] as const;

/**
 * `backup`: everything is compared; `heal`: locations are mended from each other; `catch-up`: those
 * that lag get what they lack; `drill`: a restore is tried and compared.
 */
type DutyName = (typeof dutyNames)[number];

export type ControlRequest =
  | { readonly do: "status" | "stop" }
  | { readonly do: DutyName }
  /** `path` is absolute; `forMs` as `--for` says it. */
  | { readonly do: "accept"; readonly path: string; readonly forMs?: number };

/** Undefined: no request. What it knows nothing of is left out. */
export function controlRequestOf(value: unknown): ControlRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { do: what, forMs, path } = value as Record<string, unknown>;
  if (what === "status" || what === "stop") return { do: what };
  const duty = dutyNames.find((name) => name === what);
  if (duty !== undefined) return { do: duty };
  if (what !== "accept" || typeof path !== "string" || !path.startsWith("/")) return undefined;
  if (forMs === undefined) return { do: what, path };
  return typeof forMs === "number" ? { do: what, path, forMs } : undefined;
}
