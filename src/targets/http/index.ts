/**
 * HTTP: the sensor that asks and judges the answer, and webhooks as remedies. How one question is
 * asked over a fresh connection (`ask`) is also what scrapes of Prometheus text are made of.
 */
export { ask } from "./ask.ts";
export { createWebhookEffector } from "./effectors.ts";
export {
  type AddressParameters,
  addressOf,
  addressParameters,
  questionOf,
} from "./question.ts";
export { createHttpSensor } from "./sensors.ts";
