/** Tokens and money per provider, from the usage that answers carry. */
import type { ProviderAccount } from "../operation.ts";
import type { Member, Price } from "./member.ts";

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const million = 1_000_000;

export class Ledger {
  readonly #accounts = new Map<string, { inputTokens: number; outputTokens: number }>();
  readonly #prices = new Map<string, Price>();

  constructor(members: readonly Member[]) {
    for (const { name, pricePerMillion } of members) {
      this.#accounts.set(name, { inputTokens: 0, outputTokens: 0 });
      if (pricePerMillion !== undefined) this.#prices.set(name, pricePerMillion);
    }
  }

  spend(name: string, usage: Usage | undefined): void {
    const account = this.#accounts.get(name);
    if (account === undefined || usage === undefined) return;
    account.inputTokens += usage.inputTokens;
    account.outputTokens += usage.outputTokens;
  }

  account(name: string): ProviderAccount {
    const { inputTokens, outputTokens } = this.#accounts.get(name) ?? nothing;
    const price = this.#prices.get(name);
    const spent = price && (inputTokens * price.input + outputTokens * price.output) / million;
    return { inputTokens, outputTokens, spent };
  }
}

/** Of a million tokens as most chats use them: three go in for one that comes out. */
export function blendedPrice({ input, output }: Price): number {
  return (3 * input + output) / 4;
}

const nothing: Usage = { inputTokens: 0, outputTokens: 0 };

/** Reads the usage of an answer in the words of chat completions, responses or the AI SDK. */
export function usageOf(usage: unknown): Usage | undefined {
  if (typeof usage !== "object" || usage === null) return undefined;
  const words = usage as Record<string, unknown>;
  const inputTokens = count(
    words["prompt_tokens"] ?? words["input_tokens"] ?? words["inputTokens"],
  );
  const outputTokens = count(
    words["completion_tokens"] ?? words["output_tokens"] ?? words["outputTokens"],
  );
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
}

function count(value: unknown): number | undefined {
  const total: unknown =
    typeof value === "object" && value !== null ? (value as { total?: unknown }).total : value;
  return typeof total === "number" && Number.isFinite(total) && total >= 0 ? total : undefined;
}
