/** What providers are called where nobody has said it. */

/** The ring of old: who is first, second and third. */
const ring = ["llm:openai", "llm:deepseek", "llm:gemini"];

const hosts: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)openai\.com$/, "llm:openai"],
  [/(^|\.)deepseek\.com$/, "llm:deepseek"],
  [/(^|\.)googleapis\.com$/, "llm:gemini"],
];

function nameByPlace(index: number): string {
  return ring[index] ?? `llm:${index + 1}`;
}

/** A function that has a name is called by it. */
export function nameByFunction(call: { readonly name: string }, index: number): string {
  return /^(?:|call|bound .*)$/.test(call.name) ? nameByPlace(index) : `llm:${call.name}`;
}

/** A client is known by the host that it calls. */
export function nameByAddress(baseUrl: unknown, index: number): string {
  const host = typeof baseUrl === "string" && URL.canParse(baseUrl) && new URL(baseUrl).hostname;
  return (host && hosts.find(([known]) => known.test(host))?.[1]) || nameByPlace(index);
}

/** `openai.chat` is `llm:openai`; two models of one provider are told apart by their model. */
export function namesByModel(
  models: readonly { readonly provider: string; readonly modelId: string }[],
): readonly string[] {
  const short = models.map(({ provider }) => `llm:${provider.split(".")[0]}`);
  const long = models.map(({ modelId }, index) =>
    isAlone(short, index) ? short[index] : `${short[index]}/${modelId}`,
  );
  return long.map(
    (name, index) => (isAlone(long, index) ? name : `${name}#${index + 1}`) as string,
  );
}

function isAlone(names: readonly (string | undefined)[], index: number): boolean {
  return names.filter((name) => name === names[index]).length === 1;
}
