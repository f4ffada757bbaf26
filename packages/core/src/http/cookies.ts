import { parseCookie, stringifySetCookie } from 'cookie'
import type { AuthRequest } from '../auth-request.js'

/** Longer headers are not ours: browsers send a few kB at most. */
const MAXIMUM_HEADER_LENGTH = 65_536

/** Returns the cookies of a request by name. */
export function readCookies(request: AuthRequest): Readonly<Record<string, string | undefined>> {
  const header = request.header('cookie')
  return header && header.length <= MAXIMUM_HEADER_LENGTH ? parseCookie(header) : {}
}

/**
 * Writes a `Set-Cookie` header: for this host alone, all its paths, out of reach of scripts, and not
 * sent along when another site posts here.
 *
 * @param cookie `maxAgeMs` 0 removes it
 */
export function setCookie(cookie: {
  readonly name: string
  readonly value: string
  readonly maxAgeMs: number
  readonly secure: boolean
}): string {
  return stringifySetCookie({
    name: cookie.name,
    value: cookie.value,
    maxAge: Math.floor(cookie.maxAgeMs / 1000),
    // Some cookie jars know one of the two only, and would keep what is to be removed.
    ...(cookie.maxAgeMs === 0 && { expires: new Date(0) }),
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: cookie.secure,
  })
}

/**
 * Returns the name of a cookie of ours: bound to its host by `__Host-` where there is HTTPS, and
 * different for each client id and environment, so that two of them live in one application.
 */
export function cookieName(purpose: string, web: { secure: boolean; instance: string }): string {
  return `${web.secure ? '__Host-' : ''}procore-${purpose}-${web.instance}`
}
