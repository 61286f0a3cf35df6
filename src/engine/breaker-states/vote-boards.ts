/** Boards for votes: a folder that processes of one machine share, and a hash of a Redis server. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../system/index.ts";
import type { Vote, VoteBoard } from "./quorum.ts";

const instancesMax = 1000;
const opensMax = 1000;
/** Whoever was silent for so long has ended. */
const forgottenMs = 3_600_000;

/** One file for each instance, in a folder of their own. */
export function folderBoard(folder: string): VoteBoard {
  const fileOf = (instance: string): string => join(folder, `${encodeURIComponent(instance)}.vote`);
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
      const newest = Math.max(0, ...votes.map(({ at }) => at));
      for (const { instance, at } of votes) {
        if (newest - at > forgottenMs) rmSync(fileOf(instance), { force: true });
      }
      return votes;
    },
  };
}

/** What is used of a connection. */
export interface RedisHash {
  hset(key: string, field: string, value: string): Promise<unknown>;
  hvals(key: string): Promise<string[]>;
  hdel(key: string, ...fields: string[]): Promise<unknown>;
}

export function redisBoard(redis: RedisHash, key = "soulmirror:votes"): VoteBoard {
  return {
    async post(vote) {
      await redis.hset(key, vote.instance, textOf(vote));
    },
    async read() {
      const texts = await redis.hvals(key);
      const votes = texts.slice(0, instancesMax).flatMap((text) => voteIn(text) ?? []);
      const newest = Math.max(0, ...votes.map(({ at }) => at));
      const gone = votes.filter(({ at }) => newest - at > forgottenMs);
      if (gone.length > 0) await redis.hdel(key, ...gone.map(({ instance }) => instance));
      return votes;
    },
  };
}

function textOf(vote: Vote): string {
  return JSON.stringify({ ...vote, open: vote.open.slice(0, opensMax) });
}

function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
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
