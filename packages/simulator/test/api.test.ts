import { describe, expect, it } from 'vitest'
import type { Simulator } from '../src/index.js'
import {
  callApi,
  member,
  meStatus,
  type Pair,
  refresh,
  requestToken,
  signIn,
  start,
} from './support/simulator.js'

const large = '562949953421312'

async function signInService(procore: Simulator): Promise<string> {
  const response = await requestToken(procore, {
    grant_type: 'client_credentials',
    client_id: procore.serviceApp.clientId,
    client_secret: procore.serviceApp.clientSecret,
  })
  return String(member(await response.json(), 'access_token'))
}

async function prepare(): Promise<{ readonly procore: Simulator; readonly ana: Pair }> {
  const procore = await start()
  return { procore, ana: await signIn(procore, 'ana@example.com') }
}

describe('the bearer of an API call', () => {
  const challenge = (text: string) =>
    `Bearer realm="Doorkeeper", error="invalid_token", error_description="${text}"`

  it('is refused with the reason', async () => {
    const procore = await start()
    const revoked = await signIn(procore)
    await refresh(procore, revoked)
    const expired = await signIn(procore)
    procore.expireAccessTokens()
    const unknown = { ...expired, accessToken: 'f'.repeat(64) }
    const cases = [
      [unknown, 'The access token is invalid'],
      [expired, 'The access token expired'],
      [revoked, 'The access token was revoked'],
    ] as const
    for (const [pair, text] of cases) {
      const response = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe(challenge(text))
      expect(response.headers.get('x-rate-limit-limit')).toBeNull()
      expect(await response.json()).toEqual({
        error: 'invalid_token',
        error_description: text,
        state: 'unauthorized',
      })
    }
  })

  it('has to be there', async () => {
    const procore = await start()
    const response = await fetch(`${procore.apiOrigin}/rest/v1.0/me`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(challenge('The access token is invalid'))
  })

  it('expires with the clock', async () => {
    const procore = await start({ accessTokenLifetimeSeconds: 60 })
    const pair = await signIn(procore)
    procore.clock.advance(58_000)
    expect(await meStatus(procore, pair)).toBe(200)
    procore.clock.advance(3_000)
    expect(await meStatus(procore, pair)).toBe(401)
  })

  it('may be announced in lower case or stand in the query', async () => {
    const { procore, ana } = await prepare()
    const url = `${procore.apiOrigin}/rest/v1.0/me`
    const headers = { Authorization: `bearer ${ana.accessToken}` }
    expect((await fetch(url, { headers })).status).toBe(200)
    expect((await fetch(`${url}?access_token=${ana.accessToken}`)).status).toBe(200)
  })
})

describe('me', () => {
  it('names the user, with a number as id', async () => {
    const procore = await start()
    const { accessToken } = await signIn(procore)
    const response = await callApi(procore, '/rest/v1.0/me', accessToken)
    expect(await response.text()).toBe(
      '{"id":562949953430360,"login":"jim@example.com","name":"Jim Example"}',
    )
  })

  it('names the service account', async () => {
    const procore = await start()
    const token = await signInService(procore)
    const response = await callApi(procore, '/rest/v1.0/me', token, { company: '10' })
    expect(await response.json()).toMatchObject({ id: 900, login: 'service-account@example.com' })
  })
})

describe('Procore-Company-Id', () => {
  it('is not needed by users for me and companies', async () => {
    const { procore, ana } = await prepare()
    const response = await callApi(procore, '/rest/v1.0/companies', ana.accessToken)
    expect(response.status).toBe(200)
    const companies = await response.json()
    expect(Array.isArray(companies) && companies.map((one) => member(one, 'id'))).toEqual([
      10,
      11,
      Number(large),
    ])
  })

  it.each(['/rest/v1.0/me', '/rest/v1.0/companies'])(
    'is needed by a service account for %s too',
    async (path) => {
      const procore = await start()
      const token = await signInService(procore)
      expect((await callApi(procore, path, token)).status).toBe(400)
      expect((await callApi(procore, path, token, { company: '10' })).status).toBe(200)
    },
  )

  it('lists to a service account where the application is installed', async () => {
    const procore = await start()
    const token = await signInService(procore)
    const response = await callApi(procore, '/rest/v1.0/companies', token, { company: '10' })
    expect(await response.json()).toMatchObject([{ id: 10 }, { id: 11 }])
  })

  it('is asked for by name when it is missing', async () => {
    const { procore, ana } = await prepare()
    const path = '/rest/v1.0/projects?company_id=10'
    const response = await callApi(procore, path, ana.accessToken)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      errors: [expect.stringMatching(/^Missing Procore-Company-Id header!/)],
    })
  })

  it('must not differ from company_id', async () => {
    const { procore, ana } = await prepare()
    const path = '/rest/v1.0/projects?company_id=10'
    const response = await callApi(procore, path, ana.accessToken, { company: '11' })
    expect(response.status).toBe(403)
  })

  it('must name a company of the user', async () => {
    const procore = await start()
    const { accessToken } = await signIn(procore)
    for (const company of ['11', '999', 'x']) {
      const path = `/rest/v1.0/projects?company_id=${company}`
      expect((await callApi(procore, path, accessToken, { company })).status).toBe(403)
    }
  })

  it('must name a company that the service account is connected to', async () => {
    const procore = await start()
    const token = await signInService(procore)
    const response = await callApi(procore, '/rest/v1.0/projects', token, { company: large })
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ errors: ['App is not connected to this company.'] })
  })
})

describe('pages', () => {
  const list = async (query: string, company = '10') => {
    const { procore, ana } = await prepare()
    const path = `/rest/v1.0/projects?company_id=${company}&${query}`
    const response = await callApi(procore, path, ana.accessToken, { company })
    const body = await response.json()
    const link = (response.headers.get('link') ?? '').replaceAll(procore.apiOrigin, '')
    return { response, link, count: Array.isArray(body) ? body.length : Number.NaN }
  }
  const url = (page: number) => `</rest/v1.0/projects?company_id=10&page=${page}&per_page=10>; rel=`

  it('have ten items unless the request asks for more', async () => {
    const { response, count } = await list('')
    expect(count).toBe(10)
    expect(response.headers.get('total')).toBe('25')
    expect(response.headers.get('per-page')).toBe('10')
  })

  it('link from the first to the next and the last', async () => {
    const { link } = await list('page=1&per_page=10')
    expect(link).toBe(`${url(2)}"next", ${url(3)}"last"`)
  })

  it('link from the middle to all four', async () => {
    const { link } = await list('page=2&per_page=10')
    expect(link).toBe(`${url(1)}"first", ${url(1)}"prev", ${url(3)}"next", ${url(3)}"last"`)
  })

  it('link from the last to the first and the one before', async () => {
    const { link, count } = await list('page=3&per_page=10')
    expect(link).toBe(`${url(1)}"first", ${url(2)}"prev"`)
    expect(count).toBe(5)
  })

  it('have no links where there is one', async () => {
    expect((await list('', '11')).link).toBe('')
  })

  it('hold at most 2000 items', async () => {
    const { count, response } = await list('per_page=5000', large)
    expect(count).toBe(2000)
    expect([response.headers.get('total'), response.headers.get('per-page')]).toEqual([
      '2001',
      '2000',
    ])
  })

  it('fall back to the first for nonsense', async () => {
    expect((await list('page=0&per_page=-3')).count).toBe(10)
    expect((await list('page=x&per_page=')).count).toBe(10)
  })

  it('do not repeat an access token in their links', async () => {
    const { procore, ana } = await prepare()
    const response = await fetch(
      `${procore.apiOrigin}/rest/v1.0/projects?access_token=${ana.accessToken}`,
      { headers: { 'Procore-Company-Id': '10' } },
    )
    expect(response.headers.get('link')).toContain('page=2')
    expect(response.headers.get('link')).not.toContain(ana.accessToken)
  })
})

describe('the second version of the API', () => {
  it('has ids as strings, items under data and pages of at most 100', async () => {
    const { procore, ana } = await prepare()
    const path = `/rest/v2.0/companies/${large}/projects`
    const get = (query: string) =>
      callApi(procore, `${path}${query}`, ana.accessToken, { company: large })
    const data = member(await (await get('')).json(), 'data')
    expect(data).toHaveLength(10)
    expect(data).toContainEqual(expect.objectContaining({ id: expect.stringMatching(/^\d+$/) }))
    expect(member(await (await get('?per_page=500')).json(), 'data')).toHaveLength(100)
  })

  it('has errors of its own shape', async () => {
    const { procore, ana } = await prepare()
    const path = '/rest/v2.0/companies/10/projects'
    const missing = await callApi(procore, path, ana.accessToken)
    expect(missing.status).toBe(400)
    expect(await missing.json()).toEqual({
      error: {
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/^Missing Procore-Company-Id header!/),
        details: {},
      },
    })
    const other = await callApi(procore, path, ana.accessToken, { company: '11' })
    expect(other.status).toBe(403)
  })
})

describe('a project', () => {
  const json = { 'Content-Type': 'application/json' }
  const path = '/rest/v1.0/projects'
  const company = '11'

  it('can be created, read, changed and deleted', async () => {
    const { procore, ana } = await prepare()
    const call = (to: string, init: RequestInit = {}) =>
      callApi(procore, to, ana.accessToken, { company, headers: json, ...init })
    const body = JSON.stringify({ company_id: 11, project: { name: 'New project' } })
    const created = await call(path, { method: 'POST', body })
    expect(created.status).toBe(201)
    const project = await created.json()
    expect(project).toMatchObject({ name: 'New project', company: { id: 11 } })
    const one = `${path}/${member(project, 'id')}`
    for (const method of ['PATCH', 'PUT']) {
      const changed = await call(one, { method, body: JSON.stringify({ name: method }) })
      expect([changed.status, member(await changed.json(), 'name')]).toEqual([200, method])
    }
    expect(member(await (await call(one)).json(), 'name')).toBe('PUT')
    expect(procore.companies.find(({ id }) => id === company)?.projects).toHaveLength(4)
    expect((await call(one, { method: 'DELETE' })).status).toBe(204)
    expect((await call(one)).status).toBe(404)
  })

  it('needs a name', async () => {
    const { procore, ana } = await prepare()
    const init = { method: 'POST', body: '{"project":{}}', headers: json, company }
    const response = await callApi(procore, path, ana.accessToken, init)
    expect(response.status).toBe(422)
    expect(await response.json()).toEqual({ errors: { name: ['required'] } })
  })

  it('of another company cannot be seen', async () => {
    const { procore, ana } = await prepare()
    const id = procore.companies[0]?.projects[0]?.id
    const response = await callApi(procore, `${path}/${id}`, ana.accessToken, { company })
    expect(response.status).toBe(404)
  })
})

describe('other paths', () => {
  it('are not found', async () => {
    const { procore, ana } = await prepare()
    expect((await callApi(procore, '/rest/v1.0/nothing', ana.accessToken)).status).toBe(404)
  })

  it('redirect a download to where the query says', async () => {
    const { procore, ana } = await prepare()
    const get = (to: string) =>
      callApi(procore, `/rest/v1.0/files/1/download?to=${to}`, ana.accessToken, { company: '10' })
    const response = await get('http://localhost:9/file')
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'http://localhost:9/file',
    ])
    expect((await get('javascript:alert(1)')).status).toBe(404)
  })
})

describe('the rate limit', () => {
  it('is on every answer past the authorization, errors too', async () => {
    const { procore, ana } = await prepare()
    const first = await callApi(procore, '/rest/v1.0/me', ana.accessToken)
    const second = await callApi(procore, '/rest/v1.0/nothing', ana.accessToken)
    expect(first.headers.get('x-rate-limit-limit')).toBe('3600')
    expect(first.headers.get('x-rate-limit-remaining')).toBe('3599')
    expect(second.headers.get('x-rate-limit-remaining')).toBe('3598')
    const reset = Number(first.headers.get('x-rate-limit-reset'))
    expect(Math.abs(reset - (procore.clock.now() / 1000 + 3600))).toBeLessThan(5)
  })

  it('refuses with 429 until the window is over', async () => {
    const procore = await start({ rateLimits: { perHour: 2 } })
    const pair = await signIn(procore)
    expect([await meStatus(procore, pair), await meStatus(procore, pair)]).toEqual([200, 200])
    const refused = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-rate-limit-remaining')).toBe('0')
    procore.clock.advance(3_602_000)
    procore.setAccessTokenLifetime(10_000)
    expect(await meStatus(procore, await refresh(procore, pair))).toBe(200)
  })

  it('shows the nearer of the two windows', async () => {
    const procore = await start({ rateLimits: { perHour: 100, perTenSeconds: 3 } })
    const { accessToken } = await signIn(procore)
    const response = await callApi(procore, '/rest/v1.0/me', accessToken)
    expect(response.headers.get('x-rate-limit-limit')).toBe('3')
  })
})
