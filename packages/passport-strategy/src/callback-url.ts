import { isRelative } from './set-up.js'
import type { Request } from './types.js'

/**
 * Returns the absolute callback URL of a request. A relative one is resolved as passport-oauth2 does:
 * against the address that was asked for, of which headers tell where a proxy is trusted.
 */
export function absoluteCallbackUrl(
  callbackURL: string,
  { req, proxy }: { readonly req: Request; readonly proxy: unknown },
): string {
  if (!isRelative(callbackURL)) return callbackURL
  const trusted = Boolean(proxy || req.app?.get('trust proxy'))
  const forwarded = (name: 'x-forwarded-proto' | 'x-forwarded-host'): string | undefined =>
    trusted ? req.headers[name]?.toString().split(',')[0]?.trim() : undefined
  const encrypted = 'encrypted' in req.socket && req.socket.encrypted === true
  const secure = encrypted || forwarded('x-forwarded-proto')?.toLowerCase() === 'https'
  const host = forwarded('x-forwarded-host') || req.headers.host
  return new URL(callbackURL, `${secure ? 'https' : 'http'}://${host}${req.url}`).href
}
