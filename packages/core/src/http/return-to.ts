import type { AuthRequest } from '../auth-request.js'
import { pathOf, queryOf } from './paths.js'

/** What is longer is not accepted: a cookie has to hold it. */
export const MAXIMUM_LENGTH = 1_024

/** Returns the query parameter `returnTo`; one that is there twice counts for nothing. */
export function requestedReturnTo(request: AuthRequest): string | undefined {
  const [returnTo, ...more] = queryOf(request.url).getAll('returnTo')
  return more.length > 0 ? undefined : returnTo
}

/**
 * Returns the path to end at, if it lies on this origin; never an address elsewhere, whatever a
 * browser makes of it (`//evil`, `/\evil`, `/%09/evil`).
 *
 * @param input what the request asks for
 * @param web `origin` of the application; `fallback` for everything that is not acceptable; `routes`
 *   of our own, which lead nowhere
 */
export function safeReturnTo(
  input: string | null | undefined,
  web: {
    readonly origin: string
    readonly fallback: string
    readonly routes: ReadonlyMap<string, unknown>
  },
): string {
  if (!input || input.length > MAXIMUM_LENGTH) return web.fallback
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(input) || input.includes('\\')) return web.fallback
  if (!URL.canParse(input, web.origin)) return web.fallback
  const url = new URL(input, web.origin)
  const path = url.pathname + url.search + url.hash
  // Encoding makes it longer.
  if (path.length > MAXIMUM_LENGTH) return web.fallback
  if (url.origin !== web.origin || path.startsWith('//')) return web.fallback
  return web.routes.has(pathOf(url.pathname)) ? web.fallback : path
}
