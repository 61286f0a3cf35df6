/** Why the server does not do what it was asked, as the client gets it. */
export class Refusal extends Error {
  readonly status: number;

  /** @param message one line for people; clients see it, so it names no path of this machine */
  constructor(status: number, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = "Refusal";
    this.status = status;
  }
}

const refusals: Readonly<Record<string, readonly [number, string]>> = {
  EDQUOT: [507, "full: no room is left"],
  EFBIG: [507, "full: the disk takes no file of this size"],
  EMFILE: [503, "busy: too many files are open"],
  ENFILE: [503, "busy: too many files are open"],
  // A link where a file or a folder of ours should be.
  ELOOP: [404, "not found"],
  ENOENT: [404, "not found"],
  ENOSPC: [507, "full: no room is left"],
  ENOTDIR: [404, "not found"],
  EROFS: [403, "read-only: the disk is mounted so"],
};

/** Of whatever a request failed with; what is not known is an error of our own. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const [status, message] = refusals[code] ?? [500, "the server failed"];
  return new Refusal(status, message, { cause: error });
}
