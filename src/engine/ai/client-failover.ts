/** `failoverClient([...])`: several clients of the `openai` package as one. */

import { badOption } from "./bad-option.ts";
import { ClientCall, type ClientMember } from "./client-call.ts";
import type { ClientLike, SdkMethod } from "./client-like.ts";
import { type ClientMethod, clientMethods } from "./client-methods.ts";
import { FailoverPromise } from "./client-promise.ts";
import { askFirstClient } from "./first-client.ts";
import { Group } from "./group.ts";
import { rememberHandle } from "./handle.ts";
import { checkList, type ProviderTraits } from "./member.ts";
import { type FailoverOptions, type Outage, readOptions } from "./options.ts";
import { nameByAddress } from "./provider-names.ts";
import { read } from "./shape.ts";

/** What the models of the first provider are called at this one. */
export type ModelNames = string | Readonly<Record<string, string>> | ((model: string) => string);

export interface ClientProvider<C extends ClientLike> extends ProviderTraits {
  readonly client: C;
  /** One name for all models, a table, or a function; the same names unless told. */
  readonly models?: ModelNames;
}

/** A text becomes an answer of the kind that was asked for; an object is handed out as it is. */
export type ClientOptions = FailoverOptions<
  string | ((outage: Outage) => string | object | undefined | Promise<string | object | undefined>)
>;

/**
 * Makes one client of several: `chat.completions.create`, `responses.create`, `embeddings.create`
 * (and what the client builds on them: `parse`, `stream`, `runTools`) ask the best provider that is
 * well, and the next one when that fails; everything else goes to the first client as it is.
 *
 * The clients' own retries are switched off in these calls. Embeddings fail over only to where the
 * model has the same name: vectors of two models cannot be compared. `failoverOf(client)` shows
 * health and decisions. Errors are those of `failover`, and the client's own `APIUserAbortError`.
 */
export function failoverClient<C extends ClientLike>(
  providers: readonly (C | ClientProvider<C>)[],
  options: ClientOptions = {},
): C {
  checkList("failoverClient", "providers", providers);
  readOptions(options);
  const keepsRetries = options.clientRetries === "keep";
  const members = providers.map((each, index) => ({ ...memberOf(each, index), keepsRetries }));
  const group = new Group(members, options);
  for (const member of members) tellOfRetries(group, member);
  const call = (method: ClientMethod): SdkMethod => {
    return (body, callOptions) => {
      const parts = { group, method, body, options: callOptions };
      if (group.stance !== "act") return askFirstClient(parts);
      return new FailoverPromise(new ClientCall(parts));
    };
  };
  const client = coverClient(members[0]?.client as C, call);
  rememberHandle(client, group);
  return client;
}

function memberOf<C extends ClientLike>(
  provider: C | ClientProvider<C>,
  index: number,
): Omit<ClientMember, "keepsRetries"> {
  const isBare = read(provider, "client") === undefined;
  const { client, models, ...traits } = isBare
    ? ({ client: provider as C } as ClientProvider<C>)
    : (provider as ClientProvider<C>);
  if (typeof client !== "object" || client === null || typeof client.baseURL !== "string") {
    const fix = "give a client of the `openai` package, or { name, client, models }";
    throw badOption(`providers[${index}]`, typeof provider, fix);
  }
  return {
    ...traits,
    name: traits.name ?? nameByAddress(client.baseURL, index),
    client,
    modelFor: namer(models),
  };
}

function namer(models: ModelNames | undefined): (model: string) => string {
  if (models === undefined) return (model) => model;
  if (typeof models === "string") return () => models;
  if (typeof models === "function") return models;
  return (model) => models[model] ?? model;
}

/** Each failing request would be repeated by the client first, before anybody else is asked. */
function tellOfRetries(group: Group<ClientMember>, member: ClientMember): void {
  const { maxRetries } = member.client;
  if (!(maxRetries > 0)) return;
  const areOff = !member.keepsRetries;
  const message = areOff
    ? `the client's own retries (maxRetries: ${maxRetries}) are switched off in each call`
    : `the client repeats a failing request ${maxRetries} times before the next one is asked`;
  group.notice({ subject: member.name, message, details: { maxRetries, areOff } });
}

/** The client with its three methods replaced. What is not replaced runs on the client itself. */
function coverClient<C extends object>(target: C, call: (method: ClientMethod) => SdkMethod): C {
  const bound = new WeakMap<object, unknown>();
  const client: C = new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(target, key, target);
      const paths = clientMethods.filter(({ path }) => path[0] === key);
      if (paths.length > 0) return cached(bound, value, () => cover(value as object, 1, paths));
      if (typeof value !== "function" || key === "constructor") return value;
      return cached(bound, value, () => value.bind(target) as unknown);
    },
  });
  const cover = (resource: object, depth: number, methods: readonly ClientMethod[]): object => {
    const own = methods.find(({ path }) => path.length === depth);
    const create = own && call(own);
    return new Proxy(resource, {
      get: (_, key, receiver) => {
        if (key === "create" && create !== undefined) return create;
        // What is built on `create` (parse, stream, runTools) finds it through the client.
        if (key === "_client") return client;
        const value: unknown = Reflect.get(resource, key, receiver);
        const deeper = methods.filter(({ path }) => path[depth] === key);
        if (deeper.length === 0) return value;
        return cached(bound, value, () => cover(value as object, depth + 1, deeper));
      },
    });
  };
  return client;
}

function cached<T>(cache: WeakMap<object, unknown>, key: unknown, make: () => T): T {
  if ((typeof key !== "object" && typeof key !== "function") || key === null) return key as T;
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}
