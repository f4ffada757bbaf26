import type { Context, Hono } from 'hono'
import { jsonAnswer, revalidate } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'
import type { CompanyRecord, SimulatedProject } from '../world.js'
import { apiError } from './api-error.js'
import { requireCompany } from './company.js'
import type { CompanyRouteParts } from './company-routes.js'
import { paginate } from './pagination.js'

/**
 * Adds the projects: reading in both versions, writing in the first.
 *
 * @param app The routes of the API.
 * @param parts The data and the door.
 */
export function addProjectRoutes(app: Hono<RouteEnv>, parts: CompanyRouteParts): void {
  app.get('/rest/v1.0/projects', (c) => listFirstVersion(parts, c))
  app.get('/rest/v2.0/companies/:company_id/projects', (c) => listSecondVersion(parts, c))
  app.post('/rest/v1.0/projects', (c) => createProject(parts, c))
  app.get('/rest/v1.0/projects/:id', (c) => {
    const found = findProject(parts, c)
    if (found instanceof Response) return found
    return jsonAnswer(describe(found.company, found.project), { headers: revalidate })
  })
  app.on(['PATCH', 'PUT'], '/rest/v1.0/projects/:id', (c) => renameProject(parts, c))
  app.delete('/rest/v1.0/projects/:id', (c) => {
    const found = findProject(parts, c)
    if (found instanceof Response) return found
    const { company, project } = found
    company.projects = company.projects.filter(({ id }) => id !== project.id)
    return c.body(null, 204)
  })
}

function listFirstVersion(parts: CompanyRouteParts, c: Context<RouteEnv>): Response {
  const company = requireCompany(parts, c)
  if (company instanceof Response) return company
  const rules = { origin: parts.origin(), maximumPerPage: 2000 }
  const { items, headers } = paginate(c, company.projects, rules)
  const body = items.map((project) => describe(company, project))
  return jsonAnswer(body, { headers: { ...revalidate, ...headers } })
}

function listSecondVersion(parts: CompanyRouteParts, c: Context<RouteEnv>): Response {
  const company = requireCompany(parts, c)
  if (company instanceof Response) return company
  const rules = { origin: parts.origin(), maximumPerPage: 100 }
  const { items, headers } = paginate(c, company.projects, rules)
  const data = items.map(({ id, name }) => ({ id, name, active: true }))
  return jsonAnswer({ data }, { headers: { ...revalidate, ...headers } })
}

function createProject(parts: CompanyRouteParts, c: Context<RouteEnv>): Response {
  const company = requireCompany(parts, c)
  if (company instanceof Response) return company
  const name = readName(c)
  if (name === undefined) return jsonAnswer({ errors: { name: ['required'] } }, { status: 422 })
  const project = { id: parts.world.nextProjectId(), name }
  company.projects = [...company.projects, project]
  return jsonAnswer(describe(company, project), { status: 201, headers: revalidate })
}

function renameProject(parts: CompanyRouteParts, c: Context<RouteEnv>): Response {
  const found = findProject(parts, c)
  if (found instanceof Response) return found
  const { company } = found
  const name = readName(c)
  if (name === undefined) return jsonAnswer({ errors: { name: ['required'] } }, { status: 422 })
  const project = { id: found.project.id, name }
  company.projects = company.projects.map((known) => (known.id === project.id ? project : known))
  return jsonAnswer(describe(company, project), { headers: revalidate })
}

function findProject(
  parts: CompanyRouteParts,
  c: Context<RouteEnv>,
): { readonly company: CompanyRecord; readonly project: SimulatedProject } | Response {
  const company = requireCompany(parts, c)
  if (company instanceof Response) return company
  const project = company.projects.find(({ id }) => id === c.req.param('id'))
  if (project !== undefined) return { company, project }
  return apiError(c, { status: 404, message: 'Project not found.' })
}

function readName(c: Context<RouteEnv>): string | undefined {
  const { parameters } = c.env.context
  const values = requestValues(c)
  const nested = parameters.ok ? readNestedName(parameters.json) : undefined
  const name = nested ?? values.get('project[name]') ?? values.get('name') ?? ''
  return name.trim() === '' ? undefined : name
}

function readNestedName(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('project' in json)) return undefined
  const { project } = json
  if (typeof project !== 'object' || project === null || !('name' in project)) return undefined
  return typeof project.name === 'string' ? project.name : undefined
}

function describe(company: CompanyRecord, project: SimulatedProject): object {
  return {
    id: Number(project.id),
    name: project.name,
    active: true,
    company: { id: Number(company.id), name: company.name },
  }
}
