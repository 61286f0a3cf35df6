/** What may be declared about the machine. */
import { z } from "zod";

const limitSchema = z.number().nonnegative().optional();

const thresholdsSchema = z.object({
  cpu: limitSchema,
  memory: limitSchema,
  disk: limitSchema,
  inodes: limitSchema,
  /** Per processor. */
  load: limitSchema,
});

export const hostParameters = z.object({
  disks: z.array(z.string()).default(["/"]),
  interfaces: z.array(z.string()).optional(),
  /** Shares from 0 to 1. */
  thresholds: thresholdsSchema.prefault({}),
});

export type HostParameters = z.infer<typeof hostParameters>;
export type Thresholds = z.infer<typeof thresholdsSchema>;
