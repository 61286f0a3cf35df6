/** What a resource is believed to be in, by its last judged observations. */
export type Health = "unknown" | "healthy" | "degraded" | "unhealthy";
