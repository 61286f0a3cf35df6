/**
 * Log lines of services, through the daemon, which knows them over their rotation; when no daemon
 * answers, straight from the files, so that they can be read just when they are needed.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { InstanceView, ServiceView } from "../../loop/index.ts";
import type { Context, Run } from "../command.ts";
import { DaemonClient } from "../daemon-client.ts";
import { endOfFile } from "../end-of-file.ts";
import { eventData } from "../events.ts";
import { followFile } from "../follow-file.ts";
import { plainText } from "../plain-text.ts";
import type { Colour } from "../style.ts";

const linesDefault = 50;
/** Logs that no service writes. */
const ours: readonly string[] = ["daemon", "proxy"];

export const logs: Run = async (context) => {
  const { args, options } = context;
  const [name] = args;
  const count = options.count("lines") ?? linesDefault;
  if (name !== undefined && ours.includes(name)) return ofOurs(context, name, count);
  const client = await answering(context);
  if (client === undefined) return offline(context, name, count);
  try {
    const instances = await chosen(client, name);
    const printer = createPrinter(context, instances.map(labelOf));
    for (const each of instances) await printLast(client, { each, count, printer });
    if (options.has("follow")) await follow(client, instances, printer);
    return 0;
  } finally {
    client.close();
  }
};

/** Our own logs are files like any other; no daemon is needed to read or to follow them. */
async function ofOurs(context: Context, name: string, count: number): Promise<number> {
  const path = join(context.place.dataPath, "logs", `${name}.log`);
  const printer = printFiles(context, [[name, path]], count);
  if (!context.options.has("follow")) return 0;
  const over = new AbortController();
  process.once("SIGINT", () => over.abort());
  for await (const line of followFile(path, over.signal)) printer(name, line);
  return 0;
}

type Print = (label: string, line: string) => void;

/** Undefined when no daemon answers. */
async function answering({ place }: Context): Promise<DaemonClient | undefined> {
  try {
    const client = DaemonClient.at(place);
    await client.get("/api/v1/mode");
    return client;
  } catch (error) {
    if (error instanceof SoulMirrorError && error.code === "DAEMON_AWAY") return undefined;
    throw error;
  }
}

async function chosen(client: DaemonClient, name: string | undefined) {
  const services = await client.get<readonly ServiceView[]>("/api/v1/services");
  const all = services.flatMap((service) => service.instances);
  if (name === undefined) return all;
  const whole = services.find((service) => service.name === name)?.instances;
  const found = whole ?? all.filter((each) => labelOf(each) === name);
  if (found.length > 0) return found;
  throw unknown(name, [...services.map((service) => service.name), ...ours]);
}

/** Nobody has written it: a fleet without `listen` has no front proxy. */
function notYet(name: string): SoulMirrorError {
  return new SoulMirrorError("NOT_FOUND", `there is no log of ${name} yet`, {
    fix: "`soulmirror logs` without a name shows those of all services",
  });
}

function unknown(name: string, known: readonly string[]): SoulMirrorError {
  return new SoulMirrorError("NOT_FOUND", `there is no log of ${name}`, {
    fix: `there are ${known.join(", ")}`,
  });
}

function labelOf({ resource }: InstanceView): string {
  return resource.slice("instance/".length);
}

function pathOf(each: InstanceView): string {
  return `/api/v1/resources/instance/${encodeURIComponent(labelOf(each))}/logs`;
}

interface Last {
  readonly each: InstanceView;
  readonly count: number;
  readonly printer: Print;
}

async function printLast(client: DaemonClient, { each, count, printer }: Last): Promise<void> {
  const { lines } = await client.get<{ lines: readonly string[] }>(
    `${pathOf(each)}?lines=${Math.min(count, 10_000)}`,
  );
  for (const line of lines) printer(labelOf(each), line);
}

async function follow(
  client: DaemonClient,
  instances: readonly InstanceView[],
  printer: Print,
): Promise<void> {
  const over = new AbortController();
  process.once("SIGINT", () => over.abort());
  await Promise.all(
    instances.map(async (each) => {
      const lines = client.stream(`${pathOf(each)}/follow`, over.signal);
      for await (const line of eventData(lines)) printer(labelOf(each), line);
    }),
  );
}

const labelColours: readonly Colour[] = ["blue", "green", "yellow", "grey"];

function createPrinter({ out }: Context, labels: readonly string[]): Print {
  const width = Math.max(0, ...labels.map((label) => label.length));
  const colourOf = new Map(
    labels.map((label, index) => [label, labelColours[index % labelColours.length] ?? "grey"]),
  );
  return (label, line) => {
    if (out.isJson) return out.write(JSON.stringify({ instance: label, line }));
    const text = out.isLive ? plainText(line, { keepColours: out.style.isColoured }) : line;
    if (labels.length < 2) return out.write(text);
    const colour = colourOf.get(label) ?? "grey";
    out.write(`${out.style.paint(colour, `${label.padEnd(width)} |`)} ${text}`);
  };
}

async function offline(context: Context, name: string | undefined, count: number): Promise<number> {
  const folder = join(context.place.dataPath, "logs");
  const all = existsSync(folder)
    ? readdirSync(folder).flatMap((file) => /^(.+\.\d+)\.log$/.exec(file)?.[1] ?? [])
    : [];
  const found = all.filter(
    (label) => name === undefined || label === name || label.replace(/\.\d+$/, "") === name,
  );
  if (found.length === 0) throw unknown(name ?? "a service", [...all, ...ours]);
  const files = found.sort().map((label) => [label, join(folder, `${label}.log`)] as const);
  printFiles(context, files, count);
  if (context.options.has("follow")) {
    context.out.note("No daemon answers for these logs, so they are not followed.");
  }
  return 0;
}

type LabelledFile = readonly [label: string, path: string];

function printFiles(context: Context, files: readonly LabelledFile[], count: number): Print {
  const printer = createPrinter(
    context,
    files.map(([label]) => label),
  );
  for (const [label, path] of files) {
    if (!existsSync(path)) throw notYet(label);
    for (const line of endOfFile(path, count)) printer(label, line);
  }
  return printer;
}
