const secretName = /pass(?!ed|ive|es)|secret|token|credential|api_?key|private|auth|cookie|dsn/i;

/** Whether what is kept under this name is nobody's business: `password`, `apiKey`, `db_dsn`. */
export function soundsSecret(name: string): boolean {
  return secretName.test(name);
}
