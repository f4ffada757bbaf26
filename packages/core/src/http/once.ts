import type { Clock } from '../clock.js'

/** How long a second hit of the same callback gets the result of the first. */
const REPEATABLE_MS = 60_000
const MAXIMUM_REMEMBERED = 1_000

/**
 * Creates a function that does a work once per name: whoever asks for the same within a minute, such
 * as the second hit of a doubled click, gets the result of the first. A failure is not remembered:
 * the store may be back when the page is loaded again.
 */
export function createOnce<Result>(
  clock: Clock,
): (name: string, work: () => Promise<Result>) => Promise<Result> {
  // The oldest come first.
  const remembered = new Map<string, { until: number; result: Promise<Result> }>()
  return (name, work) => {
    const now = clock.now()
    for (const [oldest, { until }] of remembered) {
      if (until > now && remembered.size < MAXIMUM_REMEMBERED) break
      remembered.delete(oldest)
    }
    const known = remembered.get(name)
    if (known) return known.result
    const result = work().catch((error: unknown) => {
      remembered.delete(name)
      throw error
    })
    remembered.set(name, { until: now + REPEATABLE_MS, result })
    return result
  }
}
