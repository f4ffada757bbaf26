import { AppNotInstalledError, ProcoreApiError, ProcoreAuthError } from '../errors.js'
import type { TokenSource, UsableToken } from '../tokens/token-source.js'
import type { ApiRequest, ApiResponse, Transport } from './transport.js'

/** What sending needs. */
export interface SendConfig {
  readonly transport: Transport
  readonly source: TokenSource
}

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
  let token = await abortable(source.use(), signal)
  let answer = await sendOnce(config, request, token)
  if (answer.statusCode !== 401) return answer
  const confirmedBefore = source.isConfirmed(token)
  if (!confirmedBefore) {
    await answer.body.dump()
    token = await abortable(source.replace(token), signal)
    answer = await sendOnce(config, request, token)
    if (answer.statusCode !== 401) return answer
  }
  const rejected = await details(request, answer)
  if ((await abortable(source.confirm(token), signal)) === 'valid') {
    throw new AppNotInstalledError({ ...rejected, status: 403 })
  }
  if (!confirmedBefore) throw new ProcoreApiError(rejected)
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
    request.signal?.throwIfAborted()
    // The error of the transport may hold the request, and the request holds the token.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new ProcoreAuthError(
      'ERR_PROCORE_API_UNREACHABLE',
      `${request.method} ${pathname(request)} got no answer from Procore (${code}); whether it took effect is unknown`,
    )
  }
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
