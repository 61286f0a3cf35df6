/** What objects have from birth: nobody waits for it, and it cannot fail. */
import { EventEmitter } from "node:events";

export const inborn: ReadonlySet<PropertyKey> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(EventEmitter.prototype),
  "toJSON",
  "inspect",
]);
