import { ConfigurationError, type ProcoreAuth } from '@procore-auth/core'

/**
 * Lists the paths at which a scope has to answer: those of the redirect URI, and what is left of them
 * behind a proxy that takes off the beginning.
 *
 * @param auth whose routes they are
 * @param scope its `prefix`
 * @returns paths below the prefix, in the notation of Fastify's router
 * @throws {ConfigurationError} when a route lies outside the prefix
 */
export function routesBelow(auth: ProcoreAuth, { prefix }: { readonly prefix: string }): string[] {
  const start = prefix.replace(/\/?$/, '/')
  const routes: string[] = []
  for (const path of Object.values(auth.paths ?? {})) {
    const below = suffixes(path).filter((url) => url.startsWith(start) && has(auth, url))
    if (below.length === 0) throw new ConfigurationError([`${path} ${outside(prefix)}`])
    routes.push(...below.map((url) => decodeURI(url.slice(start.length - 1))))
  }
  // A colon begins a parameter there.
  return [...new Set(routes)].map((route) => route.replaceAll(':', '::'))
}

const outside = (prefix: string): string =>
  `is outside of the scope of procoreAuth: redirectUri and basePath have to begin with its prefix ${prefix}`

/** Returns a path, and what is left of it without its first segments. */
const suffixes = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(index))

/** OPTIONS is answered without any effect. */
const has = (auth: ProcoreAuth, url: string): boolean =>
  auth.handle({ method: 'OPTIONS', url, header: () => undefined, raw: undefined }) !== undefined
