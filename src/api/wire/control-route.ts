/**
 * Down to the engines: server-sent events with what is wanted of them, and which circuits others of
 * their service have opened. What they answer is a procedure like any other.
 */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { House } from "../house.ts";
import { name } from "../shapes/inputs.ts";
import { steeredService } from "../steered-service.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";

/** An engine gives a connection up that is silent for three times as long. */
const aliveEveryMs = 15_000;

const query = z.object({ instance: name, service: name.optional() });

/** Returns how all of them are ended. */
export function addControlRoute(app: FastifyInstance, house: House): () => void {
  const open = new Set<EventStream>();
  const heart = setInterval(() => {
    for (const stream of open) stream.comment("alive");
  }, aliveEveryMs);
  heart.unref();

  app.get(
    "/api/v1/engine/control",
    { exposeHeadRoute: false, config: { access: "engine" } },
    (request, reply) => {
      const { instance, service: named } = query.parse(request.query);
      const service = steeredService(request.caller, named);
      // What is sent before it is open waits: a refusal must still have a status.
      const early: string[] = [];
      const at: { stream?: EventStream } = {};
      const leave = house.steering.join(service, instance, {
        send: (message) => {
          const data = JSON.stringify(message);
          if (at.stream === undefined) early.push(data);
          else at.stream.send({ data });
        },
        end: () => at.stream?.end(),
      });
      const opened = openEventStream(reply);
      at.stream = opened;
      open.add(opened);
      opened.onClose(() => {
        open.delete(opened);
        leave();
      });
      for (const data of early) opened.send({ data });
    },
  );

  return () => {
    clearInterval(heart);
    for (const stream of open) stream.end();
  };
}
