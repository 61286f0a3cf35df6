/**
 * An answer that came when its caller had another one already: nobody will ever read it, so
 * whatever it holds open (a socket, a cursor, a place at the dependency) is let go.
 *
 * L1. Only what ends reading is called, never a method that may mean something else there.
 * L2. What somebody else reads already is his.
 * L3. Nothing that this sets off is an error of the service.
 */
import type { Readable } from "node:stream";
import { harmless } from "../../resilience/index.ts";
import { isIterator } from "./iterable.ts";
import { isNodeStream } from "./node-stream.ts";
import { isWatched } from "./watch-stream.ts";

export function discard(answer: object): void {
  harmless(() => letGo(answer));
}

/** Of answers that are no stream themselves: the body of a response. */
export function discardBody(answer: unknown): void {
  harmless(() => letBodyGo(answer));
}

async function letBodyGo(answer: unknown): Promise<void> {
  // The class itself would be loaded by being named.
  if (Object.prototype.toString.call(answer) !== "[object Response]") return;
  const { body } = answer as Partial<Response>;
  if (body instanceof ReadableStream) await letGo(body);
}

async function letGo(answer: object): Promise<void> {
  if (isWatched(answer)) return;
  if (answer instanceof ReadableStream) await answer.cancel();
  else if (isNodeStream(answer)) destroyUnread(answer);
  else await endReading(answer as Endable);
}

/** As async iterators have it, streams of AI providers, and cursors of databases. */
type Endable = Partial<Pick<AsyncIterator<unknown>, "return"> & AsyncDisposable> & {
  readonly controller?: unknown;
};

async function endReading(answer: Endable): Promise<void> {
  if (answer.controller instanceof AbortController) answer.controller.abort();
  else if (isIterator(answer) && typeof answer.return === "function") await answer.return();
  else await answer[Symbol.asyncDispose]?.();
}

function destroyUnread(stream: Readable): void {
  const isRead = stream.readableFlowing !== null || stream.readableDidRead;
  if (isRead || stream.listenerCount("readable") > 0) return;
  // L3.
  stream.on("error", () => {});
  stream.destroy();
}
