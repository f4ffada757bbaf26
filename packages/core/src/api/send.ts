import { setMaxListeners } from 'node:events'
import { AppNotInstalledError, ProcoreApiError, ProcoreAuthError } from '../errors.js'
import type { Secret } from '../redact.js'
import type { TokenSource, UsableToken } from '../tokens/token-source.js'
import type { ApiRequest, ApiResponse, Transport } from './transport.js'

/** What sending needs. */
export interface SendConfig {
  readonly transport: Transport
  readonly source: TokenSource
}

/**
 * Tokens that took the place of a rejected one. When one of them is rejected as well, it is asked
 * about before it is renewed, or calls that overlap would renew each other's tokens without an end.
 */
const replacements = new WeakSet<Secret>()

/**
 * Sends a call with the bearer. A 401 is answered by one newer token and one more try; a second 401
 * is not the token's fault and is diagnosed instead. No other answer leads to a refresh.
 *
 * @returns the answer, whatever its status but 401; its body must be read or dumped
 * @throws {AppNotInstalledError} when Procore honours the token, but not for this call
 * @throws {ProcoreApiError} status 401 when Procore does not honour the newest token either
 * @throws {ProcoreAuthError} `ERR_PROCORE_API_UNREACHABLE`, and all that getting a token throws
 */
export async function send(config: SendConfig, request: ApiRequest): Promise<ApiResponse> {
  const { source } = config
  const { signal } = request
  // As fetch does: one signal may well stop a hundred calls.
  if (signal) setMaxListeners(0, signal)
  let token = await abortable(source.use(), signal)
  let answer = await sendOnce(config, request, token)
  if (answer.statusCode !== 401) return answer
  const replacedBefore = replacements.has(token.accessToken)
  if (!replacedBefore) {
    await answer.body.dump()
    token = await abortable(source.replace(token), signal)
    replacements.add(token.accessToken)
    answer = await sendOnce(config, request, token)
    if (answer.statusCode !== 401) return answer
  }
  const rejected = await details(request, answer)
  if ((await abortable(source.confirm(token), signal)) === 'valid') {
    throw new AppNotInstalledError({ ...rejected, status: 403 })
  }
  if (!replacedBefore) throw new ProcoreApiError(rejected)
  token = await abortable(source.replace(token), signal)
  answer = await sendOnce(config, request, token)
  if (answer.statusCode !== 401) return answer
  throw new ProcoreApiError(await details(request, answer))
}

async function sendOnce(
  { transport }: SendConfig,
  request: ApiRequest,
  token: UsableToken,
): Promise<ApiResponse> {
  const authorization = `Bearer ${token.accessToken.reveal()}`
  try {
    return await transport.api({ ...request, headers: { ...request.headers, authorization } })
  } catch (error) {
    throw connectionError(request, error)
  }
}

/**
 * Names why an answer did not come or broke off; the reason of the signal when that stopped it. The
 * error of the transport is not kept: it may hold the request, and the request holds the token.
 */
export function connectionError(request: ApiRequest, error: unknown): unknown {
  const { method, signal } = request
  if (signal?.aborted) return signal.reason
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const call = `${method} ${pathname(request)}`
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return new ProcoreAuthError(
      'ERR_PROCORE_ARGUMENT_INVALID',
      `${call} was not sent: a header of it is malformed or not for the caller to set`,
    )
  }
  return new ProcoreAuthError(
    'ERR_PROCORE_API_UNREACHABLE',
    `${call} got no whole answer from Procore (${code}); whether it took effect is unknown`,
  )
}

/** Reads an answer that is not a success and gives it a name. */
export async function toApiError(
  request: ApiRequest,
  answer: ApiResponse,
): Promise<ProcoreApiError> {
  const found = await details(request, answer)
  const notConnected =
    found.status === 403 && /app is not connected/i.test(JSON.stringify(found.body))
  return notConnected ? new AppNotInstalledError(found) : new ProcoreApiError(found)
}

async function details(
  request: ApiRequest,
  answer: ApiResponse,
): Promise<ConstructorParameters<typeof ProcoreApiError>[0]> {
  const requestId = answer.headers['x-request-id']
  return {
    status: answer.statusCode,
    method: request.method,
    path: pathname(request),
    requestId: typeof requestId === 'string' ? requestId : undefined,
    body: await readJson(answer),
  }
}

/** Returns the JSON of an answer; `undefined` when it is empty, a page of HTML or broken. */
async function readJson(answer: ApiResponse): Promise<unknown> {
  if (!isJson(answer)) {
    await answer.body.dump()
    return undefined
  }
  try {
    return await answer.body.json()
  } catch {
    // A body that breaks off says no more than the status does.
    return undefined
  }
}

/** Whether an answer declares JSON. */
export function isJson(answer: ApiResponse): boolean {
  return /[/+]json\b/.test(String(answer.headers['content-type'] ?? ''))
}

function pathname(request: ApiRequest): string {
  const end = request.path.indexOf('?')
  return end < 0 ? request.path : request.path.slice(0, end)
}

/** Stops waiting when the caller gives up. What was waited for goes on: others may need it. */
function abortable<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
