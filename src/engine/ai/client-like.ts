/** What is asked of a client of the `openai` package; any of its versions since 5 has it. */
import type { ClientMethod } from "./client-methods.ts";
import type { CallablePromise } from "./client-promise.ts";
import { read } from "./shape.ts";

export interface ClientLike {
  readonly baseURL: string;
  readonly maxRetries: number;
}

export type SdkMethod = (body: unknown, options?: object) => CallablePromise;

/** Calls `chat.completions.create` and its like on a client. */
export function callMethod(
  client: ClientLike,
  { path }: ClientMethod,
  [body, options]: readonly [unknown, object | undefined],
): CallablePromise {
  const resource = path.reduce<unknown>(read, client);
  const create = read(resource, "create") as SdkMethod;
  return create.call(resource, body, options);
}
