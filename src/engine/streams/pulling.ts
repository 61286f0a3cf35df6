/** One chunk after the other, pulled by whoever reads: iterators and readers alike. */
import type { OpenStream } from "./open-stream.ts";

type Pull<R> = (word?: unknown) => Promise<R>;

export interface Pulling<R> {
  readonly pull: Pull<R>;
  /** The pull that is pending is rejected, and so is every later one. */
  readonly cut: (error: unknown) => void;
}

export function watchPulls<R extends { done?: boolean | undefined }>(
  original: Pull<R>,
  open: OpenStream,
): Pulling<R> {
  let rejectPending: ((error: unknown) => void) | undefined;
  let ending: { readonly error: unknown } | undefined;
  const settle = async (result: Promise<R>, { resolve, reject }: PromiseWithResolvers<R>) => {
    try {
      const chunk = await result;
      if (chunk.done === true) open.ended();
      else open.arrived();
      resolve(chunk);
    } catch (error) {
      open.failed(error);
      reject(error);
    }
  };
  const pull: Pull<R> = async (word) => {
    if (ending !== undefined) throw ending.error;
    open.wait();
    const answer = Promise.withResolvers<R>();
    rejectPending = answer.reject;
    void settle(original(word), answer);
    return answer.promise;
  };
  return {
    pull,
    cut: (error) => {
      ending = { error };
      rejectPending?.(error);
    },
  };
}
