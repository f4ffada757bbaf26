import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { OAuthFailure } from '../doorkeeper/failure.js'

const jsonType = 'application/json; charset=utf-8'

/** Headers of an answer that no cache may keep. */
export const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

/** Headers of an ordinary answer. */
export const revalidate = { 'Cache-Control': 'max-age=0, private, must-revalidate' } as const

/**
 * Writes a JSON answer with the headers that every success carries.
 *
 * @param body A value for `JSON.stringify`.
 * @param options Status (default 200) and further headers.
 * @returns The answer.
 */
export function jsonAnswer(
  body: unknown,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const text = JSON.stringify(body)
  const status = options.status ?? 200
  const headers = {
    'Content-Type': jsonType,
    Vary: 'Accept',
    ...(status < 300 ? { ETag: weakTag(text) } : {}),
    ...options.headers,
  }
  return new Response(text, { status, headers })
}

/**
 * Writes an OAuth error with its challenge, which stands on 400 as on 401.
 *
 * @param failure Why the request was refused.
 * @returns The answer of the token endpoint, of token/info and of the API.
 */
export function oauthError(failure: OAuthFailure): Response {
  const challenge = `Bearer realm="Doorkeeper", error="${failure.error}", error_description="${failure.description}"`
  return jsonAnswer(oauthErrorBody(failure), {
    status: failure.status,
    headers: { ...noStore, 'WWW-Authenticate': challenge },
  })
}

/**
 * Writes the body of an OAuth error.
 *
 * @param failure Why the request was refused.
 * @returns The members in the server's order.
 */
export function oauthErrorBody(failure: OAuthFailure): Readonly<Record<string, string>> {
  const { error, description, state } = failure
  return { error, error_description: description, ...(state === undefined ? {} : { state }) }
}

/**
 * Writes an error that arose before the OAuth server saw the request: empty HTML, or JSON for who asks for it.
 *
 * @param accept The `Accept` header.
 * @param options Status and further headers.
 * @returns The answer.
 */
export function plainError(
  accept: string | undefined,
  options: { readonly status: number; readonly headers?: Readonly<Record<string, string>> },
): Response {
  const { status, headers } = options
  if (status === 204 || status === 205 || status === 304) {
    return new Response(null, { status, ...(headers === undefined ? {} : { headers }) })
  }
  if (!wantsJson(accept ?? '')) {
    return new Response('', { status, headers: { 'Content-Type': 'text/html', ...headers } })
  }
  const body = JSON.stringify({ status, error: STATUS_CODES[status] ?? 'Unknown' })
  return new Response(body, { status, headers: { 'Content-Type': jsonType, ...headers } })
}

function wantsJson(accept: string): boolean {
  const types = accept.split(',').map((type) => type.split(';')[0]?.trim().toLowerCase())
  return types[0] === 'application/json' && !types.includes('*/*')
}

function weakTag(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`
}
