/** The addresses of the four routes, as the browser sees them and as this server does. */
export interface Paths {
  /** For links and redirects: with the prefix that a proxy or a mounted router takes off. */
  readonly public: Readonly<Record<RouteName, string>>
  /** What a mounted router or a proxy may take off; empty without. */
  readonly prefix: string
  /** Which route a path of a request belongs to. */
  readonly routes: ReadonlyMap<string, RouteName>
}

export type RouteName = 'login' | 'callback' | 'logout' | 'disconnect'

const NAMES = ['login', 'callback', 'logout', 'disconnect'] as const

/**
 * Works out the addresses from the redirect URI, once and never from a request. Where its path ends
 * with `basePath` and `/callback`, what stands before is a prefix: the routes are then known with and
 * without it, behind a mounted router and behind a proxy that strips it.
 */
export function resolvePaths(callbackUrl: URL, basePath: string): Paths {
  const callback = callbackUrl.pathname
  const ownCallback = `${basePath}/callback`
  const prefix = callback.endsWith(ownCallback) ? callback.slice(0, -ownCallback.length) : ''
  const at = (name: RouteName): string => `${prefix}${basePath}/${name}`
  const routes = new Map<string, RouteName>()
  for (const name of NAMES) {
    if (name === 'callback') continue
    routes.set(`${basePath}/${name}`, name)
    routes.set(at(name), name)
  }
  if (prefix) routes.set(ownCallback, 'callback')
  routes.set(callback, 'callback')
  return {
    prefix,
    public: { login: at('login'), callback, logout: at('logout'), disconnect: at('disconnect') },
    routes,
  }
}

/**
 * Returns a path as the browser sees it: with the prefix, where a proxy took it off the request.
 *
 * @param paths of the application
 * @param request `url` as it was received; `path` to lead to
 */
export function toPublicPath(
  { prefix }: Paths,
  { url, path }: { readonly url: string; readonly path: string },
): string {
  const present = [url, path].some((seen) => seen.startsWith(`${prefix}/`))
  return present ? path : prefix + path
}

/** Returns the path of a request's URL. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

/** Returns the query of a request's URL. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1))
}
