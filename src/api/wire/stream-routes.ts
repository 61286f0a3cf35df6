/** The two streams: the journal, and the log of one resource. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { findResource } from "../find-resource.ts";
import type { House } from "../house.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import { JournalFeed, positionFrom } from "./journal-feed.ts";

const clientsMax = 64;
const aliveEveryMs = 15_000;
const retryMs = 5000;

const followed = z.object({ kind: z.string(), name: z.string() });
const position = z.object({ after: z.string().optional() });

export interface Streams {
  /** Ends them all; later ones are refused. */
  close(): void;
}

export function addStreamRoutes(
  app: FastifyInstance,
  house: House,
  complain: (what: string, error: unknown) => void,
): Streams {
  const feed = new JournalFeed(house, complain);
  const open = new Set<EventStream>();
  let isClosed = false;

  const mayOpen = (): void => {
    if (!isClosed && open.size < clientsMax) return;
    const what = `${open.size} streams are open, ${clientsMax} at most`;
    const fix = "close a page or another reader that follows the fleet, then try again";
    throw new SoulMirrorError("BUSY", what, { fix, retryAfterMs: retryMs });
  };
  const track = (stream: EventStream): void => {
    open.add(stream);
    stream.onClose(() => open.delete(stream));
  };
  // Without it a connection that was cut silently would be found by nobody.
  const heart = setInterval(() => {
    for (const stream of open) stream.comment("alive");
  }, aliveEveryMs);
  heart.unref();

  // A HEAD request would open a stream that nobody reads.
  app.get("/api/v1/events", { exposeHeadRoute: false }, (request, reply) => {
    mayOpen();
    const header = request.headers["last-event-id"];
    const { after } = position.parse(request.query);
    const from = positionFrom(typeof header === "string" ? header : after);
    const stream = openEventStream(reply);
    track(stream);
    feed.join(stream, request.caller, from);
  });

  app.get(
    "/api/v1/resources/:kind/:name/logs/follow",
    { exposeHeadRoute: false, config: { access: "sensitive" } },
    (request, reply) => {
      const { kind, name } = followed.parse(request.params);
      const resource = findResource(house, kind, name);
      mayOpen();
      const stream = openEventStream(reply);
      track(stream);
      const ending = new AbortController();
      stream.onClose(() => ending.abort());
      house.followLog(resource, (line) => stream.send({ data: line }), ending.signal);
    },
  );

  return {
    close() {
      isClosed = true;
      clearInterval(heart);
      feed.close();
      for (const stream of open) stream.end();
    },
  };
}
