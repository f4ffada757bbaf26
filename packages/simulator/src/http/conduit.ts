import type { IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { SimulatorClock } from '../clock.js'
import type { FaultCandidate, FaultQueue, MetFaults } from '../faults.js'
import type { LedgerBook, LedgerDraft } from '../ledger.js'
import { randomHex, systemRandom } from '../random.js'
import { plainError } from './answers.js'
import { bodyLimitBytes, readBody } from './body.js'
import type { RequestContext } from './context.js'
import { answerAfter, answerBefore, answerRateLimit } from './fault-answers.js'
import { readParameters } from './parameters.js'

/** Answers one request of a server. */
export type RequestHandler = (request: Request, incoming: IncomingMessage) => Promise<Response>

/** What a conduit connects. */
export interface ConduitParts {
  readonly origin: 'login' | 'api'
  readonly clock: SimulatorClock
  readonly book: LedgerBook
  readonly queue: FaultQueue
  /** The routes of the server. */
  route(request: Request, context: RequestContext): Response | Promise<Response>
}

/**
 * Creates the way of every request: ledger, body, faults, routes, faults once more.
 *
 * @param parts The server's routes and what stands around them.
 * @returns The handler of the server.
 */
export function createConduit(parts: ConduitParts): RequestHandler {
  return async (request, incoming) => {
    const startedAt = performance.now()
    const entry = openEntry(parts, { request, incoming })
    const body = await readBody(incoming).catch(() => undefined)
    if (body === undefined) entry.outcome = 'aborted'
    const response =
      body && (await answer(parts, { request, incoming, entry, body }).catch(() => fail(entry)))
    if (response === undefined) {
      entry.status = 'closed'
      incoming.socket.destroy()
      return RESPONSE_ALREADY_SENT
    }
    entry.status = response.status
    if (entry.outcome === 'pending') entry.outcome = outcomeOf(response.status)
    response.headers.set('X-Request-Id', randomHex(systemRandom).slice(0, 32))
    response.headers.set('X-Runtime', ((performance.now() - startedAt) / 1000).toFixed(6))
    return response
  }
}

function fail(entry: LedgerDraft): Response {
  entry.outcome = 'internal-error'
  return new Response(null, { status: 500 })
}

interface Arrival {
  readonly request: Request
  readonly incoming: IncomingMessage
  readonly entry: LedgerDraft
  readonly body: Uint8Array
}

async function answer(parts: ConduitParts, arrival: Arrival): Promise<Response | undefined> {
  const { incoming, entry, body } = arrival
  const { accept } = incoming.headers
  if (body.length > bodyLimitBytes) return plainError(accept, { status: 413 })
  const parameters = await readParameters({
    query: incoming.url?.split('?').slice(1).join('?') ?? '',
    contentType: incoming.headers['content-type'] ?? '',
    body,
  })
  const candidate = nameCandidate(entry, parameters.ok ? parameters.values : new Map())
  const met = parts.queue.take(candidate)
  const { latency, main } = met
  if (latency?.when !== 'after-commit') await delay(latency?.ms)
  const context = { parameters, entry, fault: main, rateWindows: met.rateWindows }
  const response = await workThrough(parts, { ...arrival, context, met, candidate })
  if (latency?.when === 'after-commit') await delay(latency.ms)
  return response
}

interface Work extends Arrival {
  readonly context: RequestContext
  readonly met: MetFaults
  readonly candidate: FaultCandidate
}

async function workThrough(parts: ConduitParts, work: Work): Promise<Response | undefined> {
  const { entry, context } = work
  const { main, rateWindows } = work.met
  const { accept } = work.incoming.headers
  const limited =
    parts.origin === 'login' ? answerRateLimit(rateWindows, parts.clock.now()) : undefined
  if (limited !== undefined) return limited
  const early = answerBefore(main, accept)
  const cut = main?.kind === 'close'
  if (early !== undefined || (cut && main.when === 'before-commit')) {
    entry.outcome = `fault:${main?.kind}`
    return early
  }
  const response = await parts.route(work.request, context)
  if (cut) {
    entry.outcome = 'fault:close'
    return undefined
  }
  if (entry.outcome === 'invalid_grant' && parts.queue.takeUnauthorized(work.candidate)) {
    entry.outcome = 'fault:unauthorized-invalid-grant'
    return new Response(response.body, { status: 401, headers: response.headers })
  }
  const late = await answerAfter(main, { response, accept })
  if (late !== response) entry.outcome = `fault:${main?.kind}`
  return late
}

function openEntry(
  { origin, clock, book }: ConduitParts,
  { request, incoming }: { readonly request: Request; readonly incoming: IncomingMessage },
): LedgerDraft {
  const entry = book.open({
    at: clock.now(),
    method: incoming.method ?? 'GET',
    origin,
    path: new URL(request.url).pathname,
  })
  const companyId = incoming.headers['procore-company-id']
  if (typeof companyId === 'string' && /^\d{1,20}$/.test(companyId)) entry.companyId = companyId
  return entry
}

function nameCandidate(
  entry: LedgerDraft,
  parameters: ReadonlyMap<string, string>,
): FaultCandidate {
  const grantType = parameters.get('grant_type')
  const isToken = entry.origin === 'login' && entry.path === '/oauth/token'
  if (isToken && grantType !== undefined && /^[a-z_:-]{1,64}$/.test(grantType)) {
    entry.grantType = grantType
  }
  return { origin: entry.origin, path: entry.path, grantType: entry.grantType }
}

async function delay(ms: number | undefined): Promise<void> {
  if (ms !== undefined && ms > 0) await wait(ms, undefined, { ref: false })
}

function outcomeOf(status: number): string {
  if (status < 400) return 'ok'
  const reasons: Readonly<Record<number, string>> = {
    400: 'bad-request',
    404: 'not-found',
    413: 'too-large',
    422: 'unprocessable',
    429: 'rate-limited',
  }
  return reasons[status] ?? `status-${status}`
}
