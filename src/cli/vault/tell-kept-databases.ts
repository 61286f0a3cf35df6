/** What `vault status` says of databases: how old each dump is, how far each stream reaches. */
import type { DumpNote, StreamReach } from "../../custodian/index.ts";
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import type { VaultStream } from "../../vault/index.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";

export interface KeptDatabases {
  readonly dumps: readonly DumpNote[];
  /** Of those that are declared. */
  readonly reaches: readonly StreamReach[];
  /** As the agent knows them. */
  readonly streams: readonly VaultStream[];
}

export function areDatabasesWell({ dumps, streams }: KeptDatabases): boolean {
  return dumps.every(isGood) && streams.every((each) => troublesOf(each).length === 0);
}

export function tellKeptDatabases(kept: KeptDatabases, style: Style): readonly string[] {
  const { dumps, reaches, streams } = kept;
  return [
    ...dumps.map((each) => tellDump(each, style)),
    ...reaches.map((each) => {
      const known = streams.find(({ name }) => name === each.name);
      const text = plainLines(tellStream(each, known));
      return known !== undefined && troublesOf(known).length > 0
        ? style.paint("yellow", text)
        : text;
    }),
  ];
}

function isGood({ doubt, trouble }: DumpNote): boolean {
  return doubt === "" && trouble === "";
}

function tellDump(note: DumpNote, style: Style): string {
  const { doubt, name, sizeBytes = 0, takenMs, trouble } = note;
  if (isGood(note) && takenMs !== undefined) {
    return plainLines(`Dump ${name}: ${formatBytes(sizeBytes)}, ${age(takenMs)} ago`);
  }
  const wrong = [
    ...(trouble === "" ? [] : [`failed: ${trouble}`]),
    ...(doubt === "" ? [] : [`suspect: ${doubt}`]),
    takenMs === undefined
      ? "there is no good one yet"
      : `the last good one, ${age(takenMs)} old, is kept`,
  ];
  return style.paint("yellow", plainLines(`Dump ${name}: ${wrong.join("; ")}`));
}

function troublesOf({ baseTrouble, trouble }: VaultStream): readonly string[] {
  return [trouble, baseTrouble].filter((each) => each !== "");
}

function tellStream(reach: StreamReach, stream: VaultStream | undefined): string {
  const troubles = stream === undefined ? [] : troublesOf(stream);
  const how = stream === undefined ? "nobody receives it yet" : "received";
  return [
    `Stream ${reach.name}: ${troubles.length === 0 ? how : troubles.join("; ")}`,
    ...(stream?.gap === undefined ? [] : [lostBy(stream.gap)]),
    reach.reachedMs === undefined
      ? "nothing of it can be restored yet"
      : `to be restored up to ${age(reach.reachedMs)} ago`,
    ...(reach.baseMs === undefined ? [] : [`all of it copied ${age(reach.baseMs)} ago`]),
  ].join("; ");
}

function lostBy({ at, endedAt, reason }: NonNullable<VaultStream["gap"]>): string {
  const until = endedAt === undefined ? "until now" : `until ${timeOf(endedAt)}`;
  return `not reachable: ${timeOf(at)} ${until} (${reason})`;
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

function age(atMs: number): string {
  return formatDuration(Math.max(0, Math.round(realClock.now().wallMs - atMs)));
}
