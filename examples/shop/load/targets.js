/** Where the fleet file puts the front doors of the shop. */
export const FRONT_DOORS = {
  "chat-analyzer": "http://127.0.0.1:4101",
  "trust-engine": "http://127.0.0.1:4102",
  "ai-router": "http://127.0.0.1:4103",
  "mobile-converter": "http://127.0.0.1:4104",
};

/** Targets from JSON; services it does not name keep their front door. */
export function readTargets(json) {
  return json === undefined ? FRONT_DOORS : { ...FRONT_DOORS, ...JSON.parse(json) };
}
