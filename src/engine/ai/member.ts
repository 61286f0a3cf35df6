/** A provider as the ring knows it, whatever is behind it. */
import { anyOption, checkArgument, listOption } from "../../kernel/index.ts";
import { badOption } from "./bad-option.ts";

/** Money for a million tokens, in any currency: the same one for all. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

export interface ProviderTraits {
  /** As it is shown and counted: `llm:openai`. */
  readonly name?: string;
  readonly pricePerMillion?: Price;
  /** The window of its model: who declares it is not asked with what is known to be too long. */
  readonly contextTokens?: number;
}

export interface Member extends ProviderTraits {
  readonly name: string;
}

/** More than anybody has, and few enough to show. */
const mostProviders = 32;

/** What was handed in for providers is a list. */
export function checkList(subject: string, key: string, providers: unknown): void {
  checkArgument([subject, key], providers, listOption(anyOption(), { min: 1, max: mostProviders }));
}

/** Returns the first one. */
export function checkMembers<M extends Member>(members: readonly M[]): M {
  const [first] = members;
  if (first === undefined || members.length > mostProviders) {
    throw badOption("providers", members.length, `give 1 to ${mostProviders} of them`);
  }
  const names = members.map((member) => member.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badOption("name", twice, "give each provider a name of its own");
  return first;
}
