/** What a store of objects answers when it does not do what it was asked. */
export interface S3ErrorOptions {
  readonly region?: string;
  readonly retryAfterSeconds?: number;
}

export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly options: S3ErrorOptions;

  constructor(status: number, code: string, options: S3ErrorOptions = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.options = options;
  }

  get headers(): Record<string, string> {
    const { region, retryAfterSeconds } = this.options;
    return {
      ...(region === undefined ? {} : { "x-amz-bucket-region": region }),
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    };
  }

  get xml(): string {
    const { region } = this.options;
    const regional = region === undefined ? "" : `<Region>${region}</Region>`;
    return `<?xml version="1.0"?><Error><Code>${this.code}</Code><Message>as the test wants it</Message>${regional}</Error>`;
  }
}
