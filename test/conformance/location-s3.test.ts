/** The location in a bucket, held to the contract against a store that verifies signatures. */
import { S3Location } from "../../src/platform/locations/s3/index.ts";
import { realClock } from "../../src/system/index.ts";
import { RoughPath } from "../integration/servers/rough-path.ts";
import { S3Error } from "../integration/servers/s3-error.ts";
import { startS3Server, testKey } from "../integration/servers/s3-server.ts";
import { locationConformance } from "./location.ts";
import { locationFaults } from "./location-faults.ts";
import type { LocationScene, SceneFault } from "./location-scene.ts";

locationConformance("s3", openBucket);
locationFaults("s3", openBucket, [
  "down",
  "cut",
  "stalled",
  "vanished",
  "denied",
  "throttled",
  "strange",
  "full",
]);

async function openBucket(): Promise<LocationScene> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startS3Server({ maxKeys: 700 }));
  const path = stack.use(await RoughPath.to(server.port));
  const endpoint = `http://127.0.0.1:${path.port}`;
  const location = stack.use(
    new S3Location({
      address: { kind: "s3", bucket: "vault", prefix: "a prefix/of+two", endpoint },
      clock: realClock,
      credentials: () => testKey,
      idleMs: 2000,
    }),
  );
  const bucket = server.buckets.get("vault");
  if (bucket === undefined) throw new Error("the server begins with its bucket");
  return {
    location,
    plant: async (name, bytes) => bucket.plant(`a prefix/of+two/${name}`, Buffer.from(bytes)),
    async strike(fault: SceneFault) {
      if (fault === "down") path.goDown();
      if (fault === "cut") path.cutAfter(100_000);
      if (fault === "stalled") path.stall();
      if (fault === "vanished") server.buckets.delete("vault");
      if (fault === "denied") server.expect({ ...testKey, secretAccessKey: "another" });
      if (fault === "throttled") {
        server.fault = new S3Error(503, "SlowDown", { retryAfterSeconds: 2 });
      }
      if (fault === "strange") server.fault = new S3Error(418, "Teapot");
      if (fault === "full") bucket.maxBytes = bucket.usedBytes + 300_000;
    },
    async lift() {
      await path.mendAnew();
      server.buckets.set("vault", bucket);
      server.expect(testKey);
      server.fault = undefined;
      bucket.maxBytes = Number.POSITIVE_INFINITY;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
