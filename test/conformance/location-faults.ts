/** What can happen to a location, and what it says then: the second half of its suite. */
import { describe, expect, test } from "vitest";
import type { Location } from "../../src/vault/index.ts";
import {
  asListed,
  type LocationScene,
  listed,
  never,
  type OpenScene,
  type SampleFile,
  type SceneFault,
  sample,
  sceneFaults,
} from "./location-scene.ts";

/** `open` gives scenes that can strike with all of `faults`. */
export function locationFaults(name: string, open: OpenScene, faults: readonly SceneFault[]): void {
  describe(`the location in trouble: ${name}`, () => {
    for (const fault of faults) {
      if (fault === "cut") cutTests(open);
      else troubleTests(open, fault);
      if (fault === "stalled") stallTest(open);
    }
  });
}

/** Small enough for a disk that is full but for a little, too large for the little. */
const largeBytes = 600_000;

interface Trouble {
  readonly location: Location;
  readonly kept: SampleFile;
  readonly fresh: SampleFile;
}

async function struck(scene: LocationScene, fault: SceneFault): Promise<Trouble> {
  const { location } = scene;
  await location.prepare(never);
  const kept = sample("pack", 1, largeBytes);
  const config = sample("config", 1);
  await location.put(config.file, [config.bytes], never);
  await location.put(kept.file, [kept.bytes], never);
  await scene.strike?.(fault);
  return { location, kept, fresh: sample("pack", 2, largeBytes) };
}

/** Lifted, the same location works again, and shows nothing of what failed. */
async function provesWhole(scene: LocationScene, { location, kept, fresh }: Trouble) {
  await scene.lift?.();
  expect(await listed(location, "pack")).toEqual(asListed([kept]));
  expect(Buffer.compare(await location.get(kept.file, never), kept.bytes)).toBe(0);
  expect(await location.stat(fresh.file, never)).toBeUndefined();
  await location.put(fresh.file, [fresh.bytes], never);
  expect(await listed(location, "pack")).toEqual(asListed([kept, fresh]));
  await location.remove(fresh.file, never);
}

function troubleTests(open: OpenScene, fault: SceneFault): void {
  const { says: kind, writesOnly } = sceneFaults[fault];

  test(`says ${kind} when it is ${fault}, and works again afterwards`, async () => {
    await using scene = await open();
    const trouble = await struck(scene, fault);
    const { location, kept, fresh } = trouble;
    const failure = await location
      .put(fresh.file, [fresh.bytes], never)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "LocationFault", kind });
    expect(String(failure)).toContain(location.traits.name);
    if (fault === "throttled") {
      expect([undefined, 2000]).toContain((failure as { retryAfterMs?: number }).retryAfterMs);
    }
    if (fault === "read-only") {
      await expect(location.remove(kept.file, never)).rejects.toMatchObject({ kind });
    }
    if (writesOnly) {
      expect(Buffer.compare(await location.get(kept.file, never), kept.bytes)).toBe(0);
      expect(await listed(location, "pack")).toEqual(asListed([kept]));
    } else {
      // At once: behind a stall each of them would be waited for.
      const others = await Promise.allSettled([
        location.get(kept.file, never),
        location.stat(kept.file, never),
        location.stat(fresh.file, never),
        listed(location, "pack"),
        location.remove(kept.file, never),
      ]);
      const refused = { status: "rejected", reason: { kind } };
      expect(others).toMatchObject(others.map(() => refused));
    }
    await provesWhole(scene, trouble);
  });
}

function cutTests(open: OpenScene): void {
  test("L1: a put or get that is cut off says away, and leaves no part", async () => {
    await using scene = await open();
    const trouble = await struck(scene, "cut");
    const { location, kept, fresh } = trouble;
    const away = { name: "LocationFault", kind: "away" };
    await expect(location.put(fresh.file, [fresh.bytes], never)).rejects.toMatchObject(away);
    await expect(location.get(kept.file, never)).rejects.toMatchObject(away);
    // Cut connections are no lasting harm: what is small gets through.
    expect(await location.stat(kept.file, never)).toBe(largeBytes);
    await provesWhole(scene, trouble);
  });

  test("a list that is cut off says away, and never seems complete", async () => {
    await using scene = await open();
    const { location } = scene;
    await location.prepare(never);
    const samples = Array.from({ length: 3000 }, (_, number) => sample("snapshot", number, 40));
    for (const { file, bytes } of samples) await scene.plant(`snapshots/${file.id}`, bytes);
    await scene.strike?.("cut");
    await expect(listed(location, "snapshot")).rejects.toMatchObject({ kind: "away" });
    await scene.lift?.();
    expect(await listed(location, "snapshot")).toHaveLength(samples.length);
  });
}

function stallTest(open: OpenScene): void {
  test("L5: who gives up in a stall is answered at once, with the reason", async () => {
    await using scene = await open();
    const { location, kept, fresh } = await struck(scene, "stalled");
    const enough = new Error("enough");
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const calls = [
      location.put(fresh.file, [fresh.bytes], signal),
      location.get(kept.file, signal),
      location.stat(kept.file, signal),
      listed(location, "pack", signal),
      // Another one: it may still be done when nobody waits for it any more.
      location.remove(sample("pack", 3).file, signal),
    ];
    setTimeout(() => giveUp.abort(enough), 20);
    for (const ended of await Promise.allSettled(calls)) {
      expect(ended).toEqual({ status: "rejected", reason: enough });
    }
    await scene.lift?.();
    expect(await location.stat(kept.file, never)).toBe(largeBytes);
  });
}
