/** Every run counts as healthy and nothing is rationed: it is the healing that is measured. */
export const budgets = {
  per_resource: 1000,
  per_fleet: 10_000,
  crashes: 1000,
  healthy_run: "300ms",
  cool_down: "100ms",
} as const;

/** The probes of the example fleet. */
export const probe = {
  http: "/health",
  interval: "1s",
  timeout: "450ms",
  down: 2,
  of: 3,
  up: 2,
} as const;

export const intervalMs = 1000;
