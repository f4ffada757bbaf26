/**
 * Accepts only the pages of this server that a login may lead to.
 *
 * @param value The `return_to` parameter.
 * @returns Path and query, safe in a header; `undefined` for anything else.
 */
export function readReturnTo(value: string | undefined): string | undefined {
  if (value?.startsWith('/oauth/authorize') !== true) return undefined
  const url = new URL(value, 'http://localhost')
  const isKnown = /^\/oauth\/authorize(\/native)?$/.test(url.pathname)
  return isKnown ? `${url.pathname}${url.search}` : undefined
}

/**
 * Writes the address of the login page.
 *
 * @param returnTo Where the browser goes afterwards.
 * @returns Path and query.
 */
export function loginPath(returnTo: string | undefined): string {
  return returnTo === undefined ? '/login' : `/login?return_to=${encodeURIComponent(returnTo)}`
}
