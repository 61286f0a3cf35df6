/**
 * The pattern of the route that Express has found for a request: `/users/:id` and never `/users/7`.
 *
 * Express tells the pattern of a route (`req.route.path`), but of the routers around it only the
 * piece of the address that they took (`req.baseUrl`). What was a parameter in that piece is known
 * at the moment when Express enters the router, because `req.params` then holds it. So both
 * properties are watched on the request; they read and write as before.
 */
interface Mount {
  /** As Express says it: a piece of the address. */
  readonly baseUrl: string;
  readonly pattern: string;
}

interface Trace {
  mounts: readonly Mount[];
  route: unknown;
  /** Of the last route that was found, with the mounts around it. */
  pattern: string | undefined;
  /** Of the routers that were entered, whether a route was found in them or not. */
  deepest: string;
}

export interface ExpressRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const traces = new WeakMap<object, Trace>();
const patternLengthMax = 150;

export function traceRoute(request: object): void {
  if (traces.has(request)) return;
  const { baseUrl, route } = request as { baseUrl?: unknown; route?: unknown };
  const trace: Trace = { mounts: [], route, pattern: undefined, deepest: "" };
  traces.set(request, trace);
  Object.defineProperties(request, properties);
  if (typeof baseUrl === "string") enter(trace, baseUrl, request as ExpressRequest);
}

/** `/users/:id`, `/static/*` for what answered below a mount without a route, or undefined. */
export function routePattern(request: object): string | undefined {
  const trace = traces.get(request);
  if (trace === undefined) return undefined;
  const found = trace.pattern ?? (trace.deepest === "" ? undefined : `${trace.deepest}/*`);
  return found?.slice(0, patternLengthMax);
}

const properties: PropertyDescriptorMap = {
  baseUrl: {
    configurable: true,
    enumerable: true,
    get(this: object): string | undefined {
      return traces.get(this)?.mounts.at(-1)?.baseUrl;
    },
    set(this: object, value: unknown) {
      const trace = traces.get(this);
      if (trace !== undefined && typeof value === "string")
        enter(trace, value, this as ExpressRequest);
    },
  },
  route: {
    configurable: true,
    enumerable: true,
    get(this: object): unknown {
      return traces.get(this)?.route;
    },
    set(this: object, value: unknown) {
      const trace = traces.get(this);
      if (trace === undefined) return;
      trace.route = value;
      const path = (value as { path?: unknown } | undefined)?.path;
      if (path === undefined) return;
      const below = path === "/" ? "" : textOf(path);
      trace.pattern = `${trace.mounts.at(-1)?.pattern ?? ""}${below}` || "/";
    },
  },
};

/** Also the way back: Express sets what it was before. */
function enter(trace: Trace, baseUrl: string, request: ExpressRequest): void {
  const known = trace.mounts.findIndex((mount) => mount.baseUrl === baseUrl);
  if (known >= 0) {
    trace.mounts = trace.mounts.slice(0, known + 1);
    return;
  }
  const outer = trace.mounts.at(-1);
  const isBelow = outer !== undefined && baseUrl.startsWith(outer.baseUrl);
  const own = isBelow ? baseUrl.slice(outer.baseUrl.length) : baseUrl;
  const pattern = `${isBelow ? outer.pattern : ""}${patternOf(own, request.params)}`;
  trace.mounts = [...(isBelow ? trace.mounts : []), { baseUrl, pattern }];
  if (pattern !== "") trace.deepest = pattern;
}

function patternOf(piece: string, params: ExpressRequest["params"]): string {
  if (params === undefined || piece === "") return piece;
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(params)) {
    for (const each of Array.isArray(value) ? value : [value]) names.set(String(each), name);
  }
  if (names.size === 0) return piece;
  return piece
    .split("/")
    .map((segment) => {
      const name = names.get(decoded(segment));
      return name === undefined || segment === "" ? segment : `:${name}`;
    })
    .join("/");
}

/** A text, a regular expression, or a list of both. */
function textOf(path: unknown): string {
  if (Array.isArray(path)) return path.map(textOf).join(",");
  return path instanceof RegExp ? path.source : typeof path === "string" ? path : "(no text)";
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Express answers 400 for it; here it is only not a parameter.
    return segment;
  }
}
