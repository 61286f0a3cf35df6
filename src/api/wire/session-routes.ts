/** From the terminal to the page: a link for who has the token, and the cookie it turns into. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Gate } from "../security/gate.ts";

const exchange = z.object({ code: z.string().max(200) });

export function addSessionRoutes(app: FastifyInstance, gate: Gate): void {
  app.post("/api/v1/session-link", { config: { access: "act" } }, async (request, reply) => {
    const { code, expiresInMs } = gate.sessions.issueCode();
    const url = `http://${request.headers.host ?? "localhost"}/session?code=${code}`;
    return await reply.code(201).send({ url, expiresInMs });
  });

  // The code is the credential here.
  app.get("/session", { config: { access: "own" } }, async (request, reply) => {
    const parsed = exchange.safeParse(request.query);
    const opened = parsed.success ? gate.sessions.exchange(parsed.data.code) : undefined;
    if (opened === undefined) {
      throw new SoulMirrorError("NOT_AUTHORIZED", "this link was used already or is too old", {
        fix: "ask for a new one: POST /api/v1/session-link with the token",
      });
    }
    const lifeSeconds = Math.floor(opened.lifeMs / 1000);
    return await reply
      .header(
        "set-cookie",
        `${gate.cookieName()}=${opened.session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${lifeSeconds}`,
      )
      .redirect("/", 303);
  });
}
