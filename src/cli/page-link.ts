/** The way from the terminal to the page: a link that works once, for who has the token. */
import { formatDuration, SoulMirrorError } from "../kernel/index.ts";
import type { DaemonClient } from "./daemon-client.ts";
import type { Output } from "./output.ts";

export interface PageLink {
  readonly url: string;
  readonly expiresInMs: number;
}

export async function askForLink(client: DaemonClient): Promise<PageLink> {
  return await client.post<PageLink>("/api/v1/session-link");
}

/** Said when the fleet is up. Only to a terminal: what goes to a log may be read by others. */
export async function tellPage(client: DaemonClient, { isLive, style }: Output): Promise<string> {
  // The address was said already.
  if (!isLive) return "`soulmirror status --link` gives a link that lets you act on the page.";
  try {
    const { url, expiresInMs } = await askForLink(client);
    const once = style.paint("grey", `(opens once, within ${formatDuration(expiresInMs)})`);
    return `Page: ${url} ${once}`;
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    // The page can be read without the link, and `status --link` says what is wrong with it.
    return `Page: ${client.origin}`;
  }
}
