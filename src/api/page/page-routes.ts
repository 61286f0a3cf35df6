/** The page, its fragment, its script and its style. */
import type { FastifyInstance } from "fastify";
import type { House } from "../house.ts";
import { renderBody, renderPage } from "./page.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const htmlType = "text/html; charset=utf-8";

export function addPageRoutes(app: FastifyInstance, house: House): void {
  app.get("/", async (request, reply) => {
    return await reply.type(htmlType).send(await renderPage(house, request.caller));
  });
  app.get("/page/body", async (request, reply) => {
    return await reply.type(htmlType).send(await renderBody(house, request.caller));
  });
  app.get("/page.js", async (_request, reply) => {
    return await reply.type("text/javascript; charset=utf-8").send(script);
  });
  app.get("/page.css", async (_request, reply) => {
    return await reply.type("text/css; charset=utf-8").send(style);
  });
}
