import type { SetUp } from './set-up.js'
import type { Request } from './types.js'

type Options = Pick<SetUp, 'callbackURL' | 'proxy'>

/** Whether a callback URL is a path, to be resolved against each request. */
export function isRelative(callbackURL: string | undefined): boolean {
  return callbackURL !== undefined && /^(?![a-z][\w+.-]*:)./is.test(callbackURL)
}

/**
 * Returns the absolute callback URL of a request. A relative one is resolved as passport-oauth2 does:
 * against the address that was asked for, of which headers tell where a proxy is trusted.
 */
export function absoluteCallbackUrl(req: Request, { callbackURL, proxy }: Options): string {
  if (!isRelative(callbackURL)) return callbackURL
  // Express knows which proxies are trusted, and whether the request comes from one.
  const trusted = proxy || req.app.get('trust proxy fn')(req.socket.remoteAddress, 0)
  const forwarded = (name: string): string =>
    (trusted && req.get(name)?.split(',')[0]?.trim().toLowerCase()) || ''
  const protocol = forwarded('x-forwarded-proto') === 'https' ? 'https' : req.protocol
  const host = forwarded('x-forwarded-host') || req.get('host')
  return new URL(callbackURL, `${protocol}://${host}${req.url}`).href
}
