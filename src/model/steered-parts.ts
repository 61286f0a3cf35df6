/** What is wanted of the engines in a service, part by part, as every surface shows it. */
import { formatDuration } from "../kernel/index.ts";
import type { EngineLimit, EngineSaid, EngineWish } from "./steering.ts";

export interface SteeredPart extends Omit<EngineSaid, "by" | "at"> {
  /** `mode monitor`, `isolated mail.send`, `mail.send limited to 5 calls at once`. */
  readonly what: string;
  /** Null where it was not noted. */
  readonly by: string | null;
  readonly at: number | null;
}

const nobody = { by: null, at: null, until: null, reason: null };

export function steeredParts(wish: EngineWish): readonly SteeredPart[] {
  const { mode, isolated, providers, limits, said } = wish;
  const part = (what: string, key: string, reason?: string): SteeredPart => {
    const who = said[key] ?? nobody;
    return { ...who, what, reason: who.reason ?? reason ?? null };
  };
  return [
    ...(mode === null ? [] : [part(`mode ${mode}`, "mode")]),
    ...Object.entries(isolated).map(([name, reason]) =>
      part(`isolated ${name}`, `isolate ${name}`, reason),
    ),
    ...Object.entries(limits).map(([name, limit]) =>
      part(`${name} limited to ${limitsInWords(limit)}`, `limit ${name}`),
    ),
    ...Object.entries(providers).map(([name, { kind }]) =>
      part(kind === "prefer" ? `${name} asked first` : `${name} not asked`, `provider ${name}`),
    ),
  ];
}

/** `token, 5 m ago, for 25 m more: the provider charges twice` */
export function whoSteers({ by, at, until, reason }: SteeredPart, nowMs: number): string {
  const words = [
    by ?? "somebody",
    ...(at === null ? [] : [`${formatDuration(Math.max(0, nowMs - at))} ago`]),
    ...(until === null ? [] : [`for ${formatDuration(Math.max(0, until - nowMs))} more`]),
  ].join(", ");
  return reason === null ? words : `${words}: ${reason}`;
}

function limitsInWords({ timeoutMs, concurrency, perSecond }: EngineLimit): string {
  return [
    ...(timeoutMs === undefined ? [] : [`a timeout of ${formatDuration(timeoutMs)}`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(perSecond === undefined ? [] : [`${perSecond} per second`]),
  ].join(", ");
}
