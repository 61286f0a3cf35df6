/** Boards for votes: a folder that processes of one machine share, and a hash of a Redis server. */

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkArgument, havingOption, textOption } from "../../kernel/index.ts";
import { readPlainFile, replaceFile } from "../../system/index.ts";
import { realTools } from "../real-tools.ts";
import type { Vote, VoteBoard } from "./quorum.ts";
import { type BoardClocks, silentVotes } from "./silent-votes.ts";

const instancesMax = 1000;
const opensMax = 1000;
const pageSize = 100;

/** One file for each instance, in a folder of their own. */
export function folderBoard(folder: string, tools: BoardClocks = realTools): VoteBoard {
  checkArgument(["folderBoard", "folder"], folder, textOption({ max: 4096 }));
  const fileOf = (instance: string): string => join(folder, `${encodeURIComponent(instance)}.vote`);
  const goneOf = silentVotes(tools);
  return {
    // oxlint-disable-next-line require-await -- what the disk says must become a rejection.
    async post(vote) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replaceFile(fileOf(vote.instance), textOf(vote));
    },
    // oxlint-disable-next-line require-await -- the same.
    async read() {
      const names = readdirSync(folder).filter((name) => name.endsWith(".vote"));
      const votes = names.slice(0, instancesMax).flatMap((name) => {
        const vote = voteIn(textIn(join(folder, name)));
        return vote === undefined ? [] : [vote];
      });
      for (const { instance } of goneOf(votes)) rmSync(fileOf(instance), { force: true });
      return votes;
    },
  };
}

/** What is used of a connection. */
export interface RedisHash {
  hset(key: string, field: string, value: string): Promise<unknown>;
  hscan(
    key: string,
    cursor: string,
    ...words: [count: "COUNT", number]
  ): Promise<[string, string[]]>;
  hdel(key: string, ...fields: string[]): Promise<unknown>;
}

/**
 * A board for `Quorum` in one hash of a Redis server, for instances on several machines. The
 * connection stays its owner's; `post` and `read` reject with what it rejects with.
 */
export function redisBoard(
  redis: RedisHash,
  key = "soulmirror:votes",
  tools: BoardClocks = realTools,
): VoteBoard {
  const client = havingOption(
    ["hset", "hscan", "hdel"],
    "a client of Redis",
    "hand in one of ioredis",
  );
  checkArgument(["redisBoard", "redis"], redis, client);
  const goneOf = silentVotes(tools);
  return {
    async post(vote) {
      await redis.hset(key, vote.instance, textOf(vote));
    },
    async read() {
      const votes = await scanned(redis, key);
      const gone = goneOf(votes);
      if (gone.length > 0) await redis.hdel(key, ...gone.map(({ instance }) => instance));
      return votes;
    },
  };
}

/** Page by page, so that a hash that somebody fills without end is never read as a whole. */
async function scanned(redis: RedisHash, key: string): Promise<readonly Vote[]> {
  const votes = new Map<string, Vote>();
  let cursor = "0";
  let fields = 0;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
    const [next, page] = await redis.hscan(key, cursor, "COUNT", pageSize);
    cursor = next;
    fields += page.length / 2;
    for (const text of page.filter((_, index) => index % 2 === 1)) {
      const vote = voteIn(text);
      if (vote !== undefined) votes.set(vote.instance, vote);
    }
  } while (cursor !== "0" && fields < instancesMax);
  return [...votes.values()];
}

function textOf(vote: Vote): string {
  return JSON.stringify({ ...vote, open: vote.open.slice(0, opensMax) });
}

function textIn(path: string): string {
  try {
    return readPlainFile(path);
  } catch {
    // Its instance has ended and somebody has cleaned up.
    return "";
  }
}

/** Undefined: it is none. */
function voteIn(text: string): Vote | undefined {
  try {
    const { instance, at, open } = JSON.parse(text) as Partial<Vote>;
    if (typeof instance !== "string" || typeof at !== "number" || !Array.isArray(open)) {
      return undefined;
    }
    const opens = (open as readonly unknown[]).flatMap((each) => {
      const { name, nextRetryAt } = (each ?? {}) as Partial<Vote["open"][number]>;
      return typeof name === "string" && typeof nextRetryAt === "number"
        ? [{ name, nextRetryAt }]
        : [];
    });
    return { instance, at, open: opens.slice(0, opensMax) };
  } catch {
    // Half a vote, or somebody else's file: it does not count.
    return undefined;
  }
}
