import type { FaultKind } from '../faults.js'
import { nearestReading, type RateWindow, rateHeaders } from '../rate-window.js'
import { plainError } from './answers.js'

/**
 * Writes the answer of a fault that keeps the request from the server.
 *
 * @param fault The fault that the request met.
 * @param accept The `Accept` header.
 * @returns The answer, or `undefined` when the server works on the request.
 */
export function answerBefore(
  fault: FaultKind | undefined,
  accept: string | undefined,
): Response | undefined {
  switch (fault?.kind) {
    case 'status':
      return fault.when === 'after-commit' ? undefined : statusAnswer(fault, accept)
    case 'html-error':
      return proxyPage(fault.status)
    case 'redirect':
      return new Response(null, {
        status: fault.status ?? 302,
        headers: { Location: fault.location },
      })
    default:
      return undefined
  }
}

/**
 * Replaces an answer by that of a fault that struck after the work was done.
 *
 * @param fault The fault that the request met.
 * @param answer What the server would have said, and the `Accept` header.
 * @returns What the client gets.
 */
export async function answerAfter(
  fault: FaultKind | undefined,
  answer: { readonly response: Response; readonly accept: string | undefined },
): Promise<Response> {
  const { response, accept } = answer
  if (fault?.kind === 'status' && fault.when === 'after-commit') return statusAnswer(fault, accept)
  if (fault?.kind !== 'malformed-json') return response
  const text = await response.text()
  const { status, headers } = response
  return new Response(text.slice(0, Math.ceil(text.length / 2)), { status, headers })
}

/**
 * Counts a request against rate windows in front of the login server.
 *
 * @param windows Windows that faults have opened.
 * @param now Epoch milliseconds.
 * @returns A 429, or `undefined` while there is room.
 */
export function answerRateLimit(windows: readonly RateWindow[], now: number): Response | undefined {
  const reading = nearestReading(windows.map((window) => window.count(now)))
  if (reading?.exceeded !== true) return undefined
  return new Response('', { status: 429, headers: rateHeaders(reading) })
}

function statusAnswer(
  fault: Extract<FaultKind, { kind: 'status' }>,
  accept: string | undefined,
): Response {
  const { status, retryAfterSeconds } = fault
  const headers =
    retryAfterSeconds === undefined ? undefined : { 'Retry-After': String(retryAfterSeconds) }
  return plainError(accept, { status, ...(headers === undefined ? {} : { headers }) })
}

function proxyPage(status: number): Response {
  const text = `<html><head><title>${status}</title></head><body><h1>${status}</h1><hr>proxy</body></html>`
  return new Response(text, { status, headers: { 'Content-Type': 'text/html' } })
}
