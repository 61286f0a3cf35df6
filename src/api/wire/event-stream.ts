/**
 * Server-sent events to one client, over the raw response.
 *
 * E1. Bounded: a client that does not read is let go once `bufferedMaxBytes` wait for it; it comes
 *     back by itself and resumes where it was.
 */
import type { FastifyReply } from "fastify";
import { securityHeaders } from "../security/headers.ts";

const bufferedMaxBytes = 1024 * 1024;
const reconnectMs = 2000;

export interface EventStream {
  readonly isOpen: boolean;
  send(event: { readonly id?: number; readonly data: string }): void;
  comment(text: string): void;
  /** Resolves when what was sent has been taken by the network, or the client is gone. */
  drained(): Promise<void>;
  onClose(listener: () => void): void;
  end(): void;
}

export function openEventStream(reply: FastifyReply): EventStream {
  // From here on the response is ours: fastify would wait for an end that may never come.
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, {
    ...securityHeaders,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write(`retry: ${reconnectMs}\n\n`);
  const write = (text: string): void => {
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > bufferedMaxBytes) response.destroy();
  };
  return {
    get isOpen() {
      return !response.destroyed && !response.writableEnded;
    },
    send({ id, data }) {
      const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
      write(`${id === undefined ? "" : `id: ${id}\n`}${lines.join("")}\n`);
    },
    comment: (text) => write(`: ${text}\n\n`),
    async drained() {
      if (!response.writableNeedDrain || response.destroyed) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          response.off("drain", done);
          response.off("close", done);
          resolve();
        };
        response.once("drain", done);
        response.once("close", done);
      });
    },
    onClose(listener) {
      response.once("close", listener);
    },
    end: () => void response.end(),
  };
}
