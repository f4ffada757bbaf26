import { isLoopback } from '../environments.js'
import { ProcoreAuthError } from '../errors.js'
import type { TokenSource } from '../tokens/token-source.js'
import { send } from './send.js'
import { companyHeader, resolveTarget, toCompanyId } from './target.js'
import type { ApiResponse, Transport } from './transport.js'

/** What a client is made of. */
export interface ClientConfig {
  readonly apiOrigin: string
  readonly transport: Transport
  readonly source: TokenSource
  /** Whose token: a service account must name the company on every call. */
  readonly identity: 'user' | 'service-account'
  readonly companyId?: string
}

const MAXIMUM_REDIRECTS = 5
const REDIRECTS = [301, 302, 303, 307, 308]
const WITHOUT_BODY = [101, 103, 204, 205, 304]
/** Headers that are the client's own, or belong to one connection; nothing here unpacks a body. */
const OWN_HEADERS = [
  ...['authorization', 'procore-company-id', 'host', 'content-length', 'accept-encoding'],
  ...['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect'],
]

/** Sends a standard request to the API and returns a standard response. */
export async function fetchFromApi(config: ClientConfig, request: Request): Promise<Response> {
  // Read as a whole: it may have to be sent again with a newer token.
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  let url = request.url
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects += 1) {
    const answer = await sendRequest(config, request, { url, body })
    const next = redirectOf(request, answer, url)
    if (!next) return toResponse(answer)
    await answer.body.dump()
    if (request.redirect === 'error') throw new TypeError('unexpected redirect')
    if (next.origin !== config.apiOrigin) return followAbroad(next, request)
    url = next.href
  }
  throw new TypeError('too many redirects')
}

async function sendRequest(
  config: ClientConfig,
  request: Request,
  { url, body }: { readonly url: string; readonly body: Uint8Array | undefined },
): Promise<ApiResponse> {
  const target = resolveTarget(config.apiOrigin, url, { method: request.method })
  const named = request.headers.get('procore-company-id')
  const company = named === null ? config.companyId : toCompanyId(named)
  const headers = withoutOwnHeaders(Object.fromEntries(request.headers))
  return send(config, {
    method: target.method,
    path: target.path,
    headers: { ...headers, ...companyHeader(target, config.identity, company) },
    body,
    signal: request.signal,
  })
}

/** Returns the headers of a caller in lower case, without those that the client sets itself. */
export function withoutOwnHeaders(
  headers: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return Object.fromEntries(entries.filter(([name = '']) => !OWN_HEADERS.includes(name)))
}

/** Returns where an answer leads, unless it is for the caller. Only reads are repeated elsewhere. */
function redirectOf(request: Request, answer: ApiResponse, base: string): URL | undefined {
  const { location } = answer.headers
  if (!REDIRECTS.includes(answer.statusCode) || typeof location !== 'string') return undefined
  const followed = request.redirect === 'follow' && ['GET', 'HEAD'].includes(request.method)
  if (!followed && request.redirect !== 'error') return undefined
  if (URL.canParse(location, base)) return new URL(location, base)
  throw new ProcoreAuthError('ERR_PROCORE_FOREIGN_URL', 'Procore redirected to a malformed URL')
}

/** Downloads lie in an object storage that signs its URLs; a bearer would be a leak there. */
function followAbroad(url: URL, request: Request): Promise<Response> {
  if (url.protocol !== 'https:' && !isLoopback(url)) {
    throw new ProcoreAuthError('ERR_PROCORE_FOREIGN_URL', 'Procore redirected to an insecure URL')
  }
  const headers = new Headers()
  for (const name of ['accept', 'range', 'if-none-match', 'if-modified-since']) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  return fetch(url, { method: request.method, headers, signal: request.signal })
}

function toResponse(answer: ApiResponse): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  const status = answer.statusCode
  return new Response(WITHOUT_BODY.includes(status) ? null : streamOf(answer), { status, headers })
}

function streamOf(answer: ApiResponse): ReadableStream<Uint8Array> {
  const chunks = answer.body[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => {
      answer.body.destroy()
    },
  })
}
