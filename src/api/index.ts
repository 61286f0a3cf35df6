/**
 * The API: what the loop sees and did, for people and programs, over HTTP; and the wishes of people
 * back to the loop. One table of procedures makes REST, OpenAPI and tRPC; beside it stand health,
 * metrics, streams and a plain page. It reads through `House`, which the daemon hands in, and acts
 * only by handing a request to the loop, or a wish to the engines in a service.
 */
export type { ControlListener, House, Self, Steering } from "./house.ts";
export { type Api, startApi } from "./start-api.ts";
export { tellIncident } from "./tell-incident.ts";
export type { ApiRouter } from "./wire/router-type.ts";
