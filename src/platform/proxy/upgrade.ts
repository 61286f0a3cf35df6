/**
 * Connection upgrades (WebSocket and its kind): find an upstream as for any request, then join the
 * two sockets and stay out of the way. A joined pair counts as one request in flight.
 */
import { type ClientRequest, type IncomingMessage, request, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ConnectLimit, connectLimit, oneShot } from "./attempt.ts";
import { pathOf } from "./forward.ts";
import { hostCount, requestHeaders, responseHeaders } from "./headers.ts";
import { pipeBoth } from "./pipe-both.ts";
import type { Service } from "./service.ts";
import type { Member } from "./upstreams.ts";
import { type Outcome, type Refusal, refuse, Visit } from "./visit.ts";

export interface Upgrading {
  readonly incoming: IncomingMessage;
  readonly client: Socket;
  /** What the client sent after its head. */
  readonly first: Buffer;
}

/** HTTP/2 over plain text is offered by some clients on every request; ignoring it is allowed. */
export function wantsUpgrade(incoming: IncomingMessage): boolean {
  const wanted = incoming.headers.upgrade?.toLowerCase() ?? "";
  return incoming.method === "GET" && wanted !== "" && !wanted.includes("h2c");
}

export async function upgrade(service: Service, upgrading: Upgrading): Promise<void> {
  const { incoming, client } = upgrading;
  service.counters.requests += 1;
  client.on("error", () => client.destroy());
  if (pathOf(incoming) === undefined) {
    return answer(client, refuse(400, "the request target is no path"));
  }
  if (hostCount(incoming) > 1) {
    return answer(client, refuse(400, "there is more than one Host"));
  }
  const visit = new Visit(service, service.route.repeats);
  client.on("close", () => visit.leave());
  await goAround(service, upgrading, visit).finally(() => visit.finish());
}

async function goAround(service: Service, upgrading: Upgrading, visit: Visit): Promise<void> {
  for (;;) {
    const turn = await visit.next();
    if (turn.kind === "gone") return;
    if (turn.kind === "refuse") return answer(upgrading.client, turn);
    service.upstreams.begin(turn.member);
    const leftMs = visit.leftMs();
    const connect = connectLimit(service.route.timeoutMs, leftMs);
    const outcome = await join(service, turn.member, { ...upgrading, leftMs, connect });
    const verdict = visit.judge(turn.member, outcome);
    if (verdict.kind === "done") return;
    if (verdict.kind === "refuse") return answer(upgrading.client, verdict);
  }
}

interface Joining extends Upgrading {
  readonly leftMs: number;
  readonly connect: ConnectLimit;
}

/** Settles when the upstream is lost before it answered, or when the joined connection ends. */
function join(service: Service, member: Member, joining: Joining): Promise<Outcome> {
  return new Promise((resolve) => {
    const { incoming, client, leftMs, connect } = joining;
    const link = service.link(member);
    const upstream = ask(incoming, link.address, member.port);
    let sent = false;
    const settle = (outcome: Outcome): void => {
      clearTimeout(connectTimer);
      clearTimeout(timer);
      link.moves.delete(move);
      client.off("close", onClientGone);
      if (outcome.kind !== "answered") upstream.destroy();
      resolve(outcome);
    };
    const move = (): void => settle({ kind: "moved" });
    const onClientGone = (): void => settle({ kind: "gone" });
    const connectTimer = setTimeout(() => settle(connect.outcome), connect.limitMs);
    const timer = setTimeout(() => settle({ kind: "late" }), leftMs);
    const answered = (): void => {
      clearTimeout(timer);
      link.moves.delete(move);
    };
    const onLive = (): void => {
      clearTimeout(connectTimer);
      sent = true;
    };
    link.moves.add(move);
    client.on("close", onClientGone);
    upstream.on("socket", (socket) => socket.once("connect", onLive));
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      settle(sent ? { kind: "lost", reason, reused: false } : { kind: "unsent", reason });
    });
    upstream.on("upgrade", (response, socket: Socket, first) => {
      answered();
      client.write(headOf(response, ["Connection", "Upgrade", ...upgradeOf(response)]));
      client.write(first);
      socket.write(joining.first);
      pipeBoth(client, socket, () => settle({ kind: "answered" }));
    });
    upstream.on("response", (response) => {
      answered();
      client.write(headOf(response, ["Connection", "close"]));
      response.on("close", () => {
        settle(response.complete ? { kind: "answered" } : { kind: "broken", reason: "cut" });
        if (!response.complete) client.resetAndDestroy();
      });
      response.pipe(client);
    });
  });
}

function ask(incoming: IncomingMessage, host: string, port: number): ClientRequest {
  const headers = requestHeaders(incoming, { kind: "none" }, incoming.headers.upgrade);
  const path = pathOf(incoming) ?? "/";
  const upstream = request({ host, port, path, headers, agent: oneShot, setHost: false });
  upstream.end();
  return upstream;
}

function upgradeOf(response: IncomingMessage): string[] {
  return ["Upgrade", response.headers.upgrade ?? "websocket"];
}

function headOf(response: IncomingMessage, extra: readonly string[]): string {
  const { statusCode = 502, statusMessage = "" } = response;
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  const fields = [...responseHeaders(response), ...extra];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    lines.push(`${fields[index]}: ${fields[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function answer(client: Socket, { status, reason }: Refusal): void {
  const text = `soulmirror proxy: ${reason}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  if (!client.destroyed) client.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
