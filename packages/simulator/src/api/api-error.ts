import type { Context } from 'hono'
import { jsonAnswer } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'

/** An error of a REST endpoint. */
export interface ApiError {
  readonly status: 400 | 403 | 404 | 422 | 429
  readonly message: string
  /** Reason for the ledger; the status speaks where there is none. */
  readonly outcome?: string
  readonly headers?: Readonly<Record<string, string>>
}

const codes: Readonly<Record<ApiError['status'], string>> = {
  400: 'BAD_REQUEST',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  422: 'UNPROCESSABLE_ENTITY',
  429: 'TOO_MANY_REQUESTS',
}

/**
 * Writes an error in the shape of the resource's version.
 *
 * @param c The request.
 * @param error What went wrong.
 * @returns `{errors: [message]}`, or `{error: {code, message, details}}` under `/rest/v2.x`.
 */
export function apiError(c: Context<RouteEnv>, error: ApiError): Response {
  const { status, message, outcome, headers = {} } = error
  if (outcome !== undefined) c.env.context.entry.outcome = outcome
  const isSecondVersion = c.req.path.startsWith('/rest/v2.')
  const body = isSecondVersion
    ? { error: { code: codes[status], message, details: {} } }
    : { errors: [message] }
  return jsonAnswer(body, { status, headers })
}
