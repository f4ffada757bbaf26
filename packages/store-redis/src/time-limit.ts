/** Rejects what takes too long; `code` tells it from answers of Redis. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
  readonly code = 'ETIMEDOUT'

  constructor(limitMs: number) {
    super(
      `Redis did not answer within ${limitMs} ms: check that it is reachable (option commandTimeoutMs)`,
    )
  }
}

/**
 * Runs `work` and gives up on it after a time. What it brings later is ignored; the signal tells it
 * not to begin anything more.
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
