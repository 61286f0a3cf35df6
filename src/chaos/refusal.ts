/** A fault that may not or cannot be injected here: nothing has been touched. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
