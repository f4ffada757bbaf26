/** Rejects what takes too long; `code` tells it from answers of PostgreSQL. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
  readonly code = 'ETIMEDOUT'

  constructor(limitMs: number) {
    super(
      `PostgreSQL did not answer within ${limitMs} ms: check that it is reachable and that the pool has connections to spare (option queryTimeoutMs)`,
    )
  }
}

/**
 * Gives up on something after a time. What it brings later is ignored; the signal tells it not to
 * begin anything more.
 *
 * @throws {TimeLimitError} when the time is over
 */
export async function withTimeLimit<Result>(
  limitMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TimeLimitError(limitMs)
      controller.abort(error)
      reject(error)
    }, limitMs)
  })
  try {
    return await Promise.race([work(controller.signal), expiry])
  } finally {
    clearTimeout(timer)
  }
}
