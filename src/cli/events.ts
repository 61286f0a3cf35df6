/** The live stream of journal entries, parsed. */
import type { SealedEntry } from "../model/index.ts";
import type { DaemonClient } from "./daemon-client.ts";

export interface Following {
  readonly signal: AbortSignal;
  /** Entries behind this position; default: those that come from now on. */
  readonly after?: number | undefined;
}

/** Ends when the stream does or `signal` aborts; what cannot be read is passed over. */
export async function* followEvents(
  client: DaemonClient,
  { signal, after }: Following,
): AsyncGenerator<SealedEntry> {
  const query = after === undefined ? "" : `?after=${after}`;
  for await (const data of eventData(client.stream(`/api/v1/events${query}`, signal))) {
    const sealed = parse(data);
    if (sealed !== undefined) yield sealed;
  }
}

/** Behind this one begin the last `count` entries of the journal. */
export async function positionBefore(client: DaemonClient, count: number): Promise<number> {
  const { checks } = await client.get<{ checks: readonly StoreCheck[] }>("/api/v1/health");
  const store = checks.find(({ name, metadata }) => {
    return name === "store" && typeof metadata?.position === "number";
  });
  return Math.max(0, (store?.metadata?.position ?? 0) - count);
}

interface StoreCheck {
  readonly name: string;
  readonly metadata?: { readonly position?: number };
}

/** The data of each event of a stream: its `data:` lines up to an empty line. */
export async function* eventData(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines) {
    if (line.startsWith("data:")) data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    else if (line === "" && data.length > 0) {
      yield data.join("\n");
      data = [];
    }
  }
}

function parse(data: string): SealedEntry | undefined {
  try {
    const value = JSON.parse(data) as Partial<SealedEntry>;
    return typeof value.at === "number" && value.entry ? (value as SealedEntry) : undefined;
  } catch {
    // A newer daemon may send what this version does not know.
    return undefined;
  }
}
