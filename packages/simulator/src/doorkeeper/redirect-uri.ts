import { outOfBandUri } from './model.js'

interface UriParts {
  readonly scheme: string
  readonly host: string
  readonly port: string
  readonly path: string
  readonly query: string | undefined
}

/**
 * Decides whether a redirect URI may be used where another one is registered: scheme, host, port and path
 * are equal; a query is free unless one is registered; the port of a loopback address is free.
 *
 * @param requested The URI of the request.
 * @param registered The URI on file.
 * @returns Whether they match.
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 */
export function isSameRedirectUri(requested: string, registered: string): boolean {
  if (requested === outOfBandUri || registered === outOfBandUri) return requested === registered
  const asked = splitUri(requested)
  const known = splitUri(registered)
  if (asked === undefined || known === undefined) return false
  const freePort = isLoopback(asked.host) && isLoopback(known.host)
  return (
    asked.scheme === known.scheme &&
    asked.host === known.host &&
    asked.path === known.path &&
    (freePort || asked.port === known.port) &&
    (known.query === undefined || hasSameQuery(asked.query, known.query))
  )
}

/**
 * Adds parameters to a redirect URI, behind its own query.
 *
 * @param uri An accepted redirect URI.
 * @param parameters Parameters in order; form-encoded, so a space becomes `+`.
 * @returns The URI to redirect to.
 */
export function extendRedirectUri(
  uri: string,
  parameters: Readonly<Record<string, string>>,
): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`
}

function splitUri(uri: string): UriParts | undefined {
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('#')) return undefined
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)([^?]*)(?:\?(.*))?$/i.exec(uri)
  if (match === null) return undefined
  const [, scheme = '', authority = '', path = '', query] = match
  const [, host = '', port = ''] = /^(.*?)(?::(\d*))?$/.exec(authority) ?? []
  return {
    scheme: scheme.toLowerCase(),
    host: host.toLowerCase(),
    port: port || defaultPort(scheme),
    path: path || '/',
    query,
  }
}

function defaultPort(scheme: string): string {
  return { http: '80', https: '443' }[scheme.toLowerCase()] ?? ''
}

function isLoopback(host: string): boolean {
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) || host === '[::1]'
}

function hasSameQuery(asked: string | undefined, known: string): boolean {
  const sorted = (query: string) => [...new URLSearchParams(query)].sort().toString()
  return asked !== undefined && sorted(asked) === sorted(known)
}
