import type { Context } from 'hono'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'
import type { CompanyRecord, World } from '../world.js'
import { apiError } from './api-error.js'
import type { Gate, Principal } from './gate.js'

/** What company checks need. */
export interface CompanyParts {
  readonly world: World
  readonly gate: Gate
}

/**
 * Finds the company of a request and checks that header, parameters and membership agree.
 *
 * @param parts The data and the door.
 * @param c The request.
 * @returns The company, or the refusal.
 */
export function requireCompany(
  { world, gate }: CompanyParts,
  c: Context<RouteEnv>,
): CompanyRecord | Response {
  const header = c.req.header('Procore-Company-Id')
  if (header === undefined || header.trim() === '') {
    const message =
      'Missing Procore-Company-Id header! Send the id of the company that the request is about.'
    return apiError(c, { status: 400, message, outcome: 'missing-company' })
  }
  const named = c.req.param('company_id') ?? requestValues(c).get('company_id')
  if (named !== undefined && named !== header) {
    const message = 'Procore-Company-Id differs from company_id.'
    return apiError(c, { status: 403, message, outcome: 'company-mismatch' })
  }
  const principal = gate.principal(c)
  const company = world.companies.find(({ id }) => id === header)
  if (company === undefined || !principal.companies.includes(company.id)) {
    return apiError(c, { status: 403, message: refusal(principal), outcome: 'forbidden-company' })
  }
  return company
}

function refusal({ kind }: Principal): string {
  return kind === 'service'
    ? 'App is not connected to this company.'
    : 'You are not a member of this company.'
}
