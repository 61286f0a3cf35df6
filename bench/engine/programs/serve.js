/**
 * `node serve.js fastify|trpc`: one "hello" per variant, all in one process, so that a pair of
 * windows differs by nothing but the engine. Says its port when it listens, and its processor time
 * when it is asked.
 * `middleware`: the service is raw, and the request goes through the middleware of its framework.
 */
import { createEngine } from "soulmirror";

class Greeter {
  async hello() {
    return { hello: "world" };
  }
}

function engineOf(mode) {
  const engine = createEngine({ service: "bench", mode });
  engine.on("service_error", () => {});
  return engine;
}

/** Two of them raw: what differs between these is the noise of the measurement. */
const variants = {
  raw: new Greeter(),
  again: new Greeter(),
  shadow: engineOf("shadow").wrap("greeter", new Greeter()),
  full: engineOf("full").wrap("greeter", new Greeter()),
};

async function serveFastify() {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  app.get("/raw", async () => await variants.raw.hello());
  app.get("/again", async () => await variants.again.hello());
  app.get("/shadow", async () => await variants.shadow.hello());
  app.get("/full", async () => await variants.full.hello());
  const { fastifyPlugin } = await import("soulmirror/fastify");
  await app.register(async (scope) => {
    await scope.register(fastifyPlugin(engineOf("full")));
    scope.get("/middleware", async () => await variants.raw.hello());
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app.server.address().port;
}

async function serveTrpc() {
  const { initTRPC } = await import("@trpc/server");
  const { createHTTPServer } = await import("@trpc/server/adapters/standalone");
  const { trpcMiddleware } = await import("soulmirror/trpc");
  const { router, procedure } = initTRPC.create();
  const watched = procedure.use(trpcMiddleware(engineOf("full")));
  const server = createHTTPServer({
    router: router({
      raw: procedure.query(async () => await variants.raw.hello()),
      again: procedure.query(async () => await variants.again.hello()),
      shadow: procedure.query(async () => await variants.shadow.hello()),
      full: procedure.query(async () => await variants.full.hello()),
      middleware: watched.query(async () => await variants.raw.hello()),
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
