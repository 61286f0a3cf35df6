// Calls to other services. Every call has a deadline that covers the whole exchange, because a
// stopped peer still accepts connections (its kernel does) and then never answers. Connections are
// not kept: after a peer was restarted there is no stale socket to trip over.
import { request } from "node:http";

const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * A call that brought no usable answer: `reason` is short and stable, `status` is set if a peer
 * spoke.
 */
export class CallFailed extends Error {
  constructor(reason, { url, status, cause } = {}) {
    super(`${url}: ${reason}`, { cause });
    this.reason = reason;
    this.status = status;
  }

  /** A refusal that the same request will meet again: asking once more is useless. */
  get permanent() {
    return this.status !== undefined && this.status < 500 && this.status !== 429;
  }
}

/**
 * One HTTP exchange; resolves with any status, throws CallFailed when there was no whole answer.
 */
export async function callHttp(url, { method = "GET", headers = {}, body, deadlineMs }) {
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const response = await new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, signal, agent: false }, resolve);
      outgoing.on("error", reject);
      outgoing.end(body);
    });
    const chunks = [];
    let sizeBytes = 0;
    for await (const chunk of response) {
      sizeBytes += chunk.length;
      if (sizeBytes > ANSWER_LIMIT_BYTES) throw new Error("answer too large");
      chunks.push(chunk);
    }
    return { status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") };
  } catch (error) {
    const reason = signal.aborted ? "timeout" : (error.code ?? error.message);
    throw new CallFailed(reason, { url, cause: error });
  }
}

/** Sends and receives JSON; anything but a 2xx answer with valid JSON is a CallFailed. */
export async function callJson(url, { method = "GET", body, deadlineMs }) {
  const headers = { "content-type": "application/json" };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const { status, text } = await callHttp(url, { method, headers, body: sent, deadlineMs });
  if (status < 200 || status > 299) throw new CallFailed(`status ${status}`, { url, status });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CallFailed("answer is not JSON", { url, cause: error });
  }
}
