import type { ProcoreContext } from '@procore-auth/core'
import type { AppAnswer, AppRoute } from './subject.js'

/** Company of the simulator that both its users and its service account belong to. */
const COMPANY = 10

/** What the suite's routes do beside answering. */
export interface RouteLog {
  /** Targets of routes whose handlers ran, in order. */
  readonly runs: string[]
}

type Work = (procore: () => ProcoreContext, body: unknown) => Promise<AppAnswer>

const me: Work = async (procore) => ({ json: await procore().client.get('/rest/v1.0/me') })

/** The routes that every application of the suite has. */
export function suiteRoutes({ runs }: RouteLog): AppRoute[] {
  const route = (
    line: `${AppRoute['method']} /${string}`,
    answer: Work,
    guarded = false,
  ): AppRoute => {
    const [method, path = ''] = line.split(' ')
    return {
      method: method === 'POST' ? 'POST' : 'GET',
      path,
      guarded,
      answer: (procore, body) => {
        runs.push(line)
        return answer(procore, body)
      },
    }
  }
  return [
    route('GET /plain', async () => ({ json: 'plain' })),
    route('GET /who', async (procore) => {
      const { isAuthenticated, user } = procore()
      return { json: { isAuthenticated, ...(user && { user }) } }
    }),
    route('GET /me', me, true),
    route('GET /me-unguarded', me),
    route('POST /guarded', async () => ({ json: 'guarded' }), true),
    route('GET /service', async (procore) => {
      const company = procore().service.forCompany(COMPANY)
      return { json: await company.get('/rest/v1.0/companies') }
    }),
    route('GET /enter', async (procore) => {
      procore().login({ returnTo: '/there?page=2' })
      return undefined
    }),
    route('GET /enter-elsewhere', async (procore) => {
      procore().login({ returnTo: '//evil.example/there' })
      return undefined
    }),
    route('POST /sign-out', async (procore) => {
      await procore().logout()
      return { json: { isAuthenticated: procore().isAuthenticated } }
    }),
    route('POST /end', async (procore) => {
      await procore().disconnect()
      return { json: 'ended' }
    }),
    route('POST /echo', async (_procore, body) => ({ json: { body } })),
    route('GET /one-object', async (procore) => ({ json: new Set([procore(), procore()]).size })),
  ]
}
