import type { Hono } from 'hono'
import { jsonAnswer, revalidate } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'
import { apiError } from './api-error.js'
import { type CompanyParts, requireCompany } from './company.js'
import { paginate } from './pagination.js'

/** What the company routes work with. */
export interface CompanyRouteParts extends CompanyParts {
  origin(): string
}

/**
 * Adds `me`, the list of companies and the file download.
 *
 * @param app The routes of the API.
 * @param parts The data and the door.
 */
export function addCompanyRoutes(app: Hono<RouteEnv>, parts: CompanyRouteParts): void {
  const { gate, world } = parts
  const refuseService: (c: Parameters<typeof gate.principal>[0]) => Response | undefined = (c) => {
    if (gate.principal(c).kind === 'user') return undefined
    const company = requireCompany(parts, c)
    return company instanceof Response ? company : undefined
  }
  app.get('/rest/v1.0/me', (c) => {
    const { id, login, name } = gate.principal(c)
    const body = { id: Number(id), login, name }
    return refuseService(c) ?? jsonAnswer(body, { headers: revalidate })
  })
  app.get('/rest/v1.0/companies', (c) => {
    const refused = refuseService(c)
    if (refused !== undefined) return refused
    const { companies } = gate.principal(c)
    const visible = world.companies.filter(({ id }) => companies.includes(id))
    const rules = { origin: parts.origin(), maximumPerPage: 2000 }
    const { items, headers } = paginate(c, visible, rules)
    const body = items.map(({ id, name }) => ({ id: Number(id), name, is_active: true }))
    return jsonAnswer(body, { headers: { ...revalidate, ...headers } })
  })
  app.get('/rest/v1.0/files/:id/download', (c) => {
    const company = requireCompany(parts, c)
    if (company instanceof Response) return company
    const target = readTarget(requestValues(c).get('to') ?? '')
    if (target === undefined) return apiError(c, { status: 404, message: 'File not found.' })
    return c.redirect(target)
  })
}

function readTarget(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined
  const url = new URL(value)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
}
