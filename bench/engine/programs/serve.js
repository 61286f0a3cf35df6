/**
 * `node serve.js fastify|trpc`: one "hello" per variant, all in one process, so that a pair of
 * windows differs by nothing but the engine. Says its port when it listens, and its processor time
 * when it is asked.
 *
 * The middleware of a framework gets a variant of its own in `variants`: its route is registered
 * with the middleware and calls the raw service.
 */
import { createEngine } from "soulmirror";

class Greeter {
  async hello() {
    return { hello: "world" };
  }
}

function wrapped(mode) {
  const engine = createEngine({ service: "bench", mode });
  engine.on("service_error", () => {});
  return engine.wrap("greeter", new Greeter());
}

/** Two of them raw: what differs between these is the noise of the measurement. */
const variants = {
  raw: new Greeter(),
  again: new Greeter(),
  shadow: wrapped("shadow"),
  full: wrapped("full"),
};

async function serveFastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  app.get("/raw", async () => await variants.raw.hello());
  app.get("/again", async () => await variants.again.hello());
  app.get("/shadow", async () => await variants.shadow.hello());
  app.get("/full", async () => await variants.full.hello());
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app.server.address().port;
}

async function serveTrpc() {
  const { initTRPC } = await import("@trpc/server");
  const { createHTTPServer } = await import("@trpc/server/adapters/standalone");
  const { router, procedure } = initTRPC.create();
  const server = createHTTPServer({
    router: router({
      raw: procedure.query(async () => await variants.raw.hello()),
      again: procedure.query(async () => await variants.again.hello()),
      shadow: procedure.query(async () => await variants.shadow.hello()),
      full: procedure.query(async () => await variants.full.hello()),
    }),
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuUs: user + system });
});
process.on("disconnect", () => process.exit(0));
const port = await (process.argv[2] === "trpc" ? serveTrpc() : serveFastify());
process.send({ port });
