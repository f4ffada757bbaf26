import { describe, expect, it } from 'vitest'
import type { Simulator } from '../src/index.js'
import {
  codeFields,
  getCode,
  invalidClientText,
  invalidGrantText,
  member,
  outcome,
  post,
  requestToken,
  start,
} from './support/simulator.js'

const basic = (id: string, secret: string) => ({
  Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

async function prepare(): Promise<{
  readonly procore: Simulator
  readonly url: string
  readonly fields: Record<string, string>
  readonly client: { readonly client_id: string; readonly client_secret: string }
}> {
  const procore = await start()
  const { clientId, clientSecret } = procore.app
  return {
    procore,
    url: `${procore.loginOrigin}/oauth/token`,
    fields: codeFields(procore, await getCode(procore)),
    client: { client_id: clientId, client_secret: clientSecret },
  }
}

describe('a token answer', () => {
  it('has the members and the order of the real one', async () => {
    const { procore, fields } = await prepare()
    const response = await requestToken(procore, fields)
    const body = await response.json()
    expect(Object.keys(Object(body))).toEqual([
      'access_token',
      'token_type',
      'expires_in',
      'refresh_token',
      'scope',
      'created_at',
    ])
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      token_type: 'Bearer',
      expires_in: 5400,
      refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      scope: 'public',
      created_at: expect.closeTo(Date.now() / 1000, -1),
    })
  })

  it('has the headers of the real one', async () => {
    const { procore, fields } = await prepare()
    const { headers } = await requestToken(procore, fields)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('pragma')).toBe('no-cache')
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('vary')).toBe('Accept')
    for (const name of ['etag', 'x-request-id', 'x-runtime']) {
      expect(headers.get(name), name).toBeTruthy()
    }
    for (const name of ['set-cookie', 'access-control-allow-origin', 'x-rate-limit-limit']) {
      expect(headers.get(name), name).toBeNull()
    }
  })
})

describe('an OAuth error', () => {
  it.each([
    ['invalid_grant', 400, { code: 'unknown' }, invalidGrantText],
    ['invalid_client', 401, { client_secret: 'wrong' }, invalidClientText],
  ])('%s carries the challenge and is not cached', async (error, status, extra, text) => {
    const { procore, fields } = await prepare()
    const response = await requestToken(procore, { ...fields, ...extra })
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="Doorkeeper", error="${error}", error_description="${text}"`,
    )
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('pragma')).toBe('no-cache')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual({ error, error_description: text })
  })
})

describe('the client of a token request', () => {
  it('may stand in the body', async () => {
    const { url, fields, client } = await prepare()
    expect((await post(url, { ...fields, ...client })).status).toBe(200)
  })

  it('may stand in HTTP Basic', async () => {
    const { url, fields, client } = await prepare()
    const headers = basic(client.client_id, client.client_secret)
    expect((await post(url, fields, headers)).status).toBe(200)
  })

  it('is not decoded in HTTP Basic', async () => {
    const { url, fields, client } = await prepare()
    const encoded = [...client.client_id].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    const response = await post(url, fields, basic(encoded, client.client_secret))
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
  })

  it('in HTTP Basic wins over a wrong one in the body', async () => {
    const { url, fields, client } = await prepare()
    const headers = basic(client.client_id, client.client_secret)
    const wrong = { ...client, client_secret: 'wrong' }
    expect((await post(url, { ...fields, ...wrong }, headers)).status).toBe(200)
  })

  it('in HTTP Basic wins over a right one in the body', async () => {
    const { url, fields, client } = await prepare()
    const response = await post(url, { ...fields, ...client }, basic(client.client_id, 'wrong'))
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
  })
})

describe('the parameters of a token request', () => {
  it('may come as a multipart form', async () => {
    const { url, fields, client } = await prepare()
    const body = new FormData()
    for (const [name, value] of Object.entries({ ...fields, ...client })) body.set(name, value)
    expect((await fetch(url, { method: 'POST', body })).status).toBe(200)
  })

  it('may come as JSON', async () => {
    const { url, fields, client } = await prepare()
    const body = JSON.stringify({ ...fields, ...client })
    const headers = { 'Content-Type': 'application/json' }
    expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(200)
  })

  it('may come in the query', async () => {
    const { url, fields, client } = await prepare()
    const query = new URLSearchParams({ ...fields, ...client })
    expect((await fetch(`${url}?${query}`, { method: 'POST' })).status).toBe(200)
  })

  it('may come as a form without a content type', async () => {
    const { url, fields, client } = await prepare()
    const body = Buffer.from(new URLSearchParams({ ...fields, ...client }).toString())
    const response = await fetch(url, { method: 'POST', body })
    expect(response.status).toBe(200)
  })

  it('are not read from text/plain', async () => {
    const { url, fields, client } = await prepare()
    const body = new URLSearchParams({ ...fields, ...client }).toString()
    const headers = { 'Content-Type': 'text/plain' }
    const response = await fetch(url, { method: 'POST', body, headers })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_request',
      error_description: 'Missing required parameter: grant_type.',
    })
  })

  it('are answered with JSON also for who accepts HTML', async () => {
    const { url, fields, client } = await prepare()
    const response = await post(url, { ...fields, ...client }, { Accept: 'text/html' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it('may hold others, which are ignored', async () => {
    const { procore, fields } = await prepare()
    const extra = { foo: '1', state: 'x', code_verifier: 'v'.repeat(43) }
    expect((await requestToken(procore, { ...fields, ...extra })).status).toBe(200)
  })

  it('have to hold a grant_type; the state is echoed then', async () => {
    const { procore } = await prepare()
    const response = await requestToken(procore, { state: 'x' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_request',
      error_description: 'Missing required parameter: grant_type.',
      state: 'x',
    })
  })

  it('have to hold a known grant_type', async () => {
    const { procore } = await prepare()
    const response = await requestToken(procore, { grant_type: 'password' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'unsupported_grant_type',
      error_description:
        'The authorization grant type is not supported by the authorization server.',
    })
  })
})

describe('an error before the OAuth server', () => {
  const malformed = { method: 'POST', body: '{"grant_type":' }
  const json = { 'Content-Type': 'application/json' }

  it('is empty HTML by default', async () => {
    const { url } = await prepare()
    const response = await fetch(url, { ...malformed, headers: json })
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'text/html'])
    expect(await response.text()).toBe('')
    expect(response.headers.get('www-authenticate')).toBeNull()
  })

  it('is JSON for who accepts only that', async () => {
    const { url } = await prepare()
    const headers = { ...json, Accept: 'application/json' }
    const response = await fetch(url, { ...malformed, headers })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe('{"status":400,"error":"Bad Request"}')
  })

  it.each(['GET', 'OPTIONS', 'PUT', 'DELETE', 'HEAD'])('answers %s with 404', async (method) => {
    const { url } = await prepare()
    const headers = { Accept: 'application/json' }
    const response = await fetch(url, { method, headers })
    expect(response.status).toBe(404)
    const body = '{"status":404,"error":"Not Found"}'
    expect(await response.text()).toBe(method === 'HEAD' ? '' : body)
  })

  it.each(['/oauth/introspect', '/nothing', '/oauth/applications'])(
    'answers %s with 404',
    async (path) => {
      const { procore } = await prepare()
      const response = await post(`${procore.loginOrigin}${path}`, { token: 'x' })
      expect([response.status, await response.text()]).toEqual([404, ''])
    },
  )

  it.each(['code=%ff', 'code=%zz', '%c3=1'])('answers the escape %s with 400', async (pair) => {
    const { url } = await prepare()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await fetch(url, { method: 'POST', body: pair, headers })).status).toBe(400)
    expect((await fetch(`${url}?${pair}`, { method: 'POST' })).status).toBe(400)
  })

  it('answers bytes that are not UTF-8 with 400', async () => {
    const { url } = await prepare()
    const body = Buffer.from([0x63, 0x3d, 0xff])
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(400)
  })
})

describe('client credentials', () => {
  const grant = { grant_type: 'client_credentials' }
  const service = ({ serviceApp }: Simulator) => ({
    ...grant,
    client_id: serviceApp.clientId,
    client_secret: serviceApp.clientSecret,
  })

  it('give a token without a refresh token', async () => {
    const { procore } = await prepare()
    const response = await requestToken(procore, service(procore))
    expect(response.status).toBe(200)
    const body = await response.json()
    expect(Object.keys(Object(body))).toEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'created_at',
    ])
  })

  it('may be used by the web application too', async () => {
    const { procore } = await prepare()
    expect((await requestToken(procore, grant)).status).toBe(200)
  })

  it('with a wrong secret are refused', async () => {
    const { procore } = await prepare()
    const wrong = { ...service(procore), client_secret: 'wrong' }
    expect(await outcome(await requestToken(procore, wrong))).toEqual([401, 'invalid_client'])
  })

  it('with an unknown scope are refused', async () => {
    const { procore } = await prepare()
    const response = await requestToken(procore, { ...grant, scope: 'everything' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_scope',
      error_description: 'The requested scope is invalid, unknown, or malformed.',
    })
  })

  it('leave older tokens valid', async () => {
    const { procore } = await prepare()
    const first = await (await requestToken(procore, grant)).json()
    await requestToken(procore, grant)
    const headers = { Authorization: `Bearer ${member(first, 'access_token')}` }
    const info = await fetch(`${procore.loginOrigin}/oauth/token/info`, { headers })
    expect(info.status).toBe(200)
    expect(member(await info.json(), 'resource_owner_id')).toBeNull()
  })
})
