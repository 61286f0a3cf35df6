/** The methods of a client that fail over, and what a good answer of each looks like. */
import {
  chatKind,
  checkCompletion,
  degradedChunks,
  degradedCompletion,
  isFiltered,
} from "./chat-kind.ts";
import {
  checkEmbeddings,
  checkResponse,
  degradedEvents,
  degradedResponse,
  responsesKind,
} from "./responses-kind.ts";
import type { StreamKind } from "./stream-kind.ts";

export interface ClientMethod {
  /** As it is written: `chat.completions.create`. */
  readonly name: string;
  /** The resources that lead to it: `["chat", "completions"]`. */
  readonly path: readonly string[];
  /** Throws where an answer with status 200 is none. */
  readonly check: (answer: unknown, body: unknown) => void;
  readonly isFiltered: (answer: unknown) => boolean;
  /** Of the stream that answers this body; undefined where it never streams. */
  readonly kind: ((body: unknown) => StreamKind<unknown>) | undefined;
  /** Puts a text that was declared as the last resort into the shape of an answer. */
  readonly degraded: ((text: string, isStream: boolean) => unknown) | undefined;
}

export const clientMethods: readonly ClientMethod[] = [
  {
    name: "chat.completions.create",
    path: ["chat", "completions"],
    check: checkCompletion,
    isFiltered,
    kind: chatKind,
    degraded: (text, isStream) => (isStream ? degradedChunks(text) : degradedCompletion(text)),
  },
  {
    name: "responses.create",
    path: ["responses"],
    check: checkResponse,
    isFiltered: () => false,
    kind: () => responsesKind,
    degraded: (text, isStream) => (isStream ? degradedEvents(text) : degradedResponse(text)),
  },
  {
    name: "embeddings.create",
    path: ["embeddings"],
    check: checkEmbeddings,
    isFiltered: () => false,
    kind: undefined,
    degraded: undefined,
  },
];
