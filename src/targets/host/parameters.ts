/** What may be declared about the machine. */
import { z } from "zod";

const limitSchema = z.number().nonnegative().optional();

const thresholdsSchema = z.object({
  cpu: limitSchema,
  memory: limitSchema,
  swap: limitSchema,
  disk: limitSchema,
  inodes: limitSchema,
  /** Per processor. */
  load: limitSchema,
  /** Of the most that the kernel opens at a time. */
  descriptors: limitSchema,
  /** Of the last ten seconds: in so many something waited. */
  pressureCpu: limitSchema,
  pressureMemory: limitSchema,
  pressureIo: limitSchema,
  /** Each second, of each interface. */
  networkErrors: limitSchema,
  networkDrops: limitSchema,
});

export const hostParameters = z.object({
  disks: z.array(z.string()).default(["/"]),
  interfaces: z.array(z.string()).optional(),
  /** Shares from 0 to 1, where nothing else is said. */
  thresholds: thresholdsSchema.prefault({}),
});

export type HostParameters = z.infer<typeof hostParameters>;
export type Thresholds = z.infer<typeof thresholdsSchema>;
