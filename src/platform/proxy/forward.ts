/** One request from the first byte to the last: read the body, try, wait, try again, answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { attempt, type Exchange } from "./attempt.ts";
import { isIdempotent, readBody } from "./body.ts";
import { hostCount } from "./headers.ts";
import type { Service } from "./service.ts";
import { type Refusal, refuse, Visit } from "./visit.ts";

export async function forward(
  service: Service,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  service.counters.requests += 1;
  const path = pathOf(incoming);
  if (path === undefined) return answer(outgoing, refuse(400, "the request target is no path"));
  if (hostCount(incoming) > 1) return answer(outgoing, refuse(400, "there is more than one Host"));
  const coding = incoming.headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    return answer(outgoing, refuse(501, "the only transfer coding understood is chunked"));
  }
  const pending = readBody(incoming);
  const body = pending instanceof Promise ? await pending : pending;
  if (body.kind === "gone") return;
  if (body.kind === "idle") return answer(outgoing, refuse(408, "the body did not come"));
  const mayRepeat = service.route.repeats && isIdempotent(incoming.method ?? "");
  const replayable = mayRepeat && body.kind !== "stream";
  await travel(service, { incoming, outgoing, path, body, replayable });
}

async function travel(service: Service, exchange: Exchange): Promise<void> {
  const visit = new Visit(service, exchange.replayable);
  const leave = (): void => visit.leave();
  exchange.outgoing.on("close", leave);
  if (exchange.outgoing.destroyed) leave();
  await goAround(service, exchange, visit).finally(() => visit.finish());
}

async function goAround(service: Service, exchange: Exchange, visit: Visit): Promise<void> {
  const { outgoing } = exchange;
  for (;;) {
    const pending = visit.next();
    const turn = pending instanceof Promise ? await pending : pending;
    if (turn.kind === "gone") return;
    if (turn.kind === "refuse") return answer(outgoing, turn);
    const { member, fresh } = turn;
    service.upstreams.begin(member);
    const outcome = await attempt(exchange, {
      link: service.link(member),
      port: member.port,
      fresh,
      timeoutMs: service.route.timeoutMs,
      leftMs: () => visit.leftMs(),
    });
    const verdict = visit.judge(member, outcome);
    if (verdict.kind === "done") return;
    if (verdict.kind === "refuse") return answer(outgoing, verdict);
  }
}

function answer(outgoing: ServerResponse, { status, reason }: Refusal): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  const text = `soulmirror proxy: ${reason}\n`;
  const head: Record<string, string | number> = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  };
  if (status === 503) head["Retry-After"] = 1;
  // The rest of an unread body would be taken for the next request.
  if (!outgoing.req.complete) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(status, head);
  outgoing.end(text);
}

/** The path to ask for. An absolute target counts only for its path; Host says who is meant. */
export function pathOf(incoming: IncomingMessage): string | undefined {
  const target = incoming.url ?? "";
  if (target.startsWith("/") || target === "*") return target;
  const absolute = /^https?:\/\/[^/?#]+(.*)$/i.exec(target);
  if (absolute === null) return undefined;
  const rest = absolute[1] ?? "";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
