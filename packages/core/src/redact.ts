const REDACTED = '[redacted]'

/**
 * Holds a token or secret so that it cannot get out by accident: `String()`, `JSON.stringify`,
 * and template literals show `[redacted]`, `util.inspect` shows nothing. Only {@link Secret.reveal} gives it.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** Returns the value itself. Call it where it leaves for the wire or the store, nowhere else. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }
}
