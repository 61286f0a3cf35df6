/** Where processes put up which circuits they have opened: a real folder, and a real Redis. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, test } from "vitest";
import type { VoteBoard } from "../../src/engine/breaker-states/quorum.ts";
import { folderBoard, redisBoard } from "../../src/engine/breaker-states/vote-boards.ts";
import { temporaryFolder } from "../afterwards.ts";
import { startRedis } from "./redis-server.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder("soulmirror-votes");
});

describe("boards for votes", () => {
  /** The clocks of who looks at it. */
  let passedMs = 0;
  const clocks = { monotonicMs: () => passedMs, wallMs: () => 1000 + passedMs };

  async function exchange(board: VoteBoard, others: VoteBoard): Promise<void> {
    passedMs = 0;
    const open = [{ name: "db", nextRetryAt: 2000 }];
    await board.post({ instance: "host/1", at: 900, open: [] });
    await board.post({ instance: "host/1", at: 1000, open });
    await others.post({ instance: "host/2", at: 1000, open: [] });
    const votes = await others.read();
    expect(votes.toSorted((a, b) => a.instance.localeCompare(b.instance))).toEqual([
      { instance: "host/1", at: 1000, open },
      { instance: "host/2", at: 1000, open: [] },
    ]);
    passedMs = 3_600_001;
    await others.post({ instance: "host/2", at: 1000 + passedMs, open: [] });
    await others.read();
    expect((await board.read()).map(({ instance }) => instance)).toEqual(["host/2"]);
    // A clock that is wrong by a day takes nobody's vote away.
    await others.post({ instance: "host/3", at: passedMs + 86_400_000, open: [] });
    await others.read();
    expect(await others.read()).toHaveLength(2);
  }

  test("a folder", async () => {
    await exchange(folderBoard(join(folder, "votes")), folderBoard(join(folder, "votes"), clocks));
    writeFileSync(join(folder, "votes", "x.vote"), "half a vo");
    expect(await folderBoard(join(folder, "votes")).read()).toHaveLength(2);
  });

  test("a Redis server", async () => {
    await using server = await startRedis();
    const [one, two] = [new Redis(server.port, server.host), new Redis(server.port, server.host)];
    await exchange(redisBoard(one), redisBoard(two, "soulmirror:votes", clocks));
    await one.hset("soulmirror:votes", "bad", "half a vo");
    expect(await redisBoard(two).read()).toHaveLength(2);
    one.disconnect();
    two.disconnect();
  });

  test("a hash that somebody fills without end is read in part", async () => {
    await using server = await startRedis();
    const client = new Redis(server.port, server.host);
    const open = [{ name: "x".repeat(1000), nextRetryAt: 1 }];
    const fields = Array.from({ length: 20_000 }, (_, number) => {
      const instance = `host/${number}`;
      return [instance, JSON.stringify({ instance, at: 1000, open })];
    });
    for (let from = 0; from < fields.length; from += 1000)
      await client.hset("soulmirror:votes", ...fields.slice(from, from + 1000).flat());
    const sentBytes = async (): Promise<number> =>
      Number(/total_net_output_bytes:(\d+)/.exec(await client.info("stats"))?.[1]);
    const before = await sentBytes();
    const votes = await redisBoard(client).read();
    expect(votes.length).toBeGreaterThan(900);
    expect(votes.length).toBeLessThan(1300);
    expect((await sentBytes()) - before).toBeLessThan(2_000_000);
    client.disconnect();
  });
});
