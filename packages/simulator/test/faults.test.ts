import { describe, expect, it } from 'vitest'
import {
  callApi,
  member,
  meStatus,
  outcome,
  post,
  refresh,
  requestRefresh,
  signIn,
  start,
} from './support/simulator.js'

describe('a connection that is cut', () => {
  it('before the work leaves the token as it was', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'close', when: 'before-commit' })
    await expect(requestRefresh(procore, pair.refreshToken)).rejects.toThrow()
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(200)
  })

  it('after the work has rotated the token', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'close', when: 'after-commit' })
    await expect(requestRefresh(procore, pair.refreshToken)).rejects.toThrow()
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(400)
    expect(procore.ledger.refreshes()).toMatchObject([
      { status: 'closed', outcome: 'fault:close' },
      { status: 400, outcome: 'invalid_grant', reusedRefreshToken: true },
    ])
  })
})

describe('a status', () => {
  it('comes before the work, with Retry-After', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'status', status: 503, retryAfterSeconds: 7 })
    const response = await requestRefresh(procore, pair.refreshToken)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7'])
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(200)
  })

  it('may come after the work', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'status', status: 502, when: 'after-commit' })
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(502)
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(400)
  })

  it('that is none is an error of the simulator, visible in the ledger', async () => {
    const procore = await start()
    procore.faults.add({ on: '/login', kind: 'status', status: 42 })
    expect((await fetch(`${procore.loginOrigin}/login`)).status).toBe(500)
    expect(procore.ledger.entries).toMatchObject([{ status: 500, outcome: 'internal-error' }])
  })

  it('may have no body', async () => {
    const procore = await start()
    procore.faults.add({ on: '/login', kind: 'status', status: 304 })
    expect((await fetch(`${procore.loginOrigin}/login`)).status).toBe(304)
  })
})

describe('a latency', () => {
  it('delays the answer for real and can be combined with another fault', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'api', kind: 'latency', ms: 60 })
    procore.faults.add({ on: 'me', kind: 'status', status: 500 })
    const startedAt = performance.now()
    expect(await meStatus(procore, pair)).toBe(500)
    expect(performance.now() - startedAt).toBeGreaterThan(50)
    expect(await meStatus(procore, pair)).toBe(200)
  })

  it('does not keep the server from its work when the client gives up', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'latency', ms: 60 })
    const { clientId, clientSecret } = procore.app
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: pair.refreshToken,
      client_id: clientId,
      client_secret: clientSecret,
    })
    const signal = AbortSignal.timeout(20)
    const url = `${procore.loginOrigin}/oauth/token`
    await expect(fetch(url, { method: 'POST', body, signal })).rejects.toThrow()
    await expect.poll(() => procore.ledger.refreshes()[0]?.outcome).toBe('ok')
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(400)
  })

  it('shows the request as pending in the ledger', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'me', kind: 'latency', ms: 60 })
    const answer = meStatus(procore, pair)
    await expect.poll(() => procore.ledger.count({ status: 'pending' }), { interval: 5 }).toBe(1)
    expect(await answer).toBe(200)
    expect(procore.ledger.count({ status: 'pending' })).toBe(0)
  })
})

describe('unauthorized-invalid-grant', () => {
  it('answers the next invalid_grant with 401 and touches nothing else', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'unauthorized-invalid-grant' })
    await refresh(procore, pair)
    const first = await requestRefresh(procore, pair.refreshToken)
    expect(await outcome(first)).toEqual([401, 'invalid_grant'])
    expect(first.headers.get('www-authenticate')).toContain('error="invalid_grant"')
    const second = await requestRefresh(procore, pair.refreshToken)
    expect(await outcome(second)).toEqual([400, 'invalid_grant'])
  })
})

describe('silent-revoke', () => {
  it('answers 200 and does nothing', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'revoke', kind: 'silent-revoke' })
    const { clientId, clientSecret } = procore.app
    const fields = { token: pair.accessToken, client_id: clientId, client_secret: clientSecret }
    const response = await post(`${procore.loginOrigin}/oauth/revoke`, fields)
    expect([response.status, await response.text()]).toEqual([200, '{}'])
    expect(await meStatus(procore, pair)).toBe(200)
  })
})

describe('app-not-connected', () => {
  it('with 401 looks like a bad token, though token/info takes it', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'api', kind: 'app-not-connected', status: 401, times: 2 })
    const response = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
    expect(await outcome(response)).toEqual([401, 'invalid_token'])
    const headers = { Authorization: `Bearer ${pair.accessToken}` }
    const info = await fetch(`${procore.loginOrigin}/oauth/token/info`, { headers })
    expect(info.status).toBe(200)
  })

  it('with 403 says so', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'api', kind: 'app-not-connected', status: 403 })
    const response = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ errors: ['App is not connected to this company.'] })
  })
})

describe('a broken answer', () => {
  it('can be the HTML page of a proxy', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'html-error', status: 502 })
    const response = await requestRefresh(procore, pair.refreshToken)
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html'])
    expect(await response.text()).toContain('<html>')
  })

  it('can be JSON that breaks off, after the work', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'malformed-json' })
    const response = await requestRefresh(procore, pair.refreshToken)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    await expect(response.json()).rejects.toThrow(SyntaxError)
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(400)
  })

  it('can be a redirect', async () => {
    const procore = await start()
    const location = 'http://localhost:9/elsewhere'
    procore.faults.add({ on: 'me', kind: 'redirect', location })
    procore.faults.add({ on: 'me', kind: 'redirect', location, status: 307 })
    const first = await callApi(procore, '/rest/v1.0/me', 'x')
    expect([first.status, first.headers.get('location')]).toEqual([302, location])
    expect((await callApi(procore, '/rest/v1.0/me', 'x')).status).toBe(307)
  })
})

describe('a rate limit', () => {
  it('opens a window of its own on the API', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'api', kind: 'rate-limit', limit: 1, windowSeconds: 10 })
    const first = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
    expect(first.headers.get('x-rate-limit-limit')).toBe('1')
    const second = await callApi(procore, '/rest/v1.0/me', pair.accessToken)
    expect(second.status).toBe(429)
    const reset = Number(second.headers.get('x-rate-limit-reset'))
    expect(Math.abs(reset - (procore.clock.now() / 1000 + 10))).toBeLessThan(3)
    procore.clock.advance(12_000)
    expect(await meStatus(procore, pair)).toBe(200)
    procore.faults.clear()
    expect(await meStatus(procore, pair)).toBe(200)
  })

  it('can raise the hourly window', async () => {
    const procore = await start({ rateLimits: { perHour: 1 } })
    const pair = await signIn(procore)
    procore.faults.add({ on: 'api', kind: 'rate-limit', limit: 100, windowSeconds: 3600 })
    const codes = [await meStatus(procore, pair), await meStatus(procore, pair)]
    expect(codes).toEqual([200, 200])
  })

  it('can meet the token endpoint', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'rate-limit', limit: 0, windowSeconds: 10 })
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(429)
  })
})

describe('faults', () => {
  it('are used up in order, each as often as it says', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'me', kind: 'status', status: 500, times: 2 })
    procore.faults.add({ on: 'api', kind: 'status', status: 503 })
    const codes: number[] = []
    for (let call = 0; call < 4; call += 1) codes.push(await meStatus(procore, pair))
    expect(codes).toEqual([500, 500, 503, 200])
  })

  it('may last until they are cleared', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.faults.add({ on: 'me', kind: 'status', status: 500, times: Number.POSITIVE_INFINITY })
    const codes = [await meStatus(procore, pair), await meStatus(procore, pair)]
    procore.faults.clear()
    expect([...codes, await meStatus(procore, pair)]).toEqual([500, 500, 200])
  })

  it('meet only the grant type that they name', async () => {
    const procore = await start()
    const fault = { on: 'token', kind: 'status', status: 500 } as const
    procore.faults.add({ ...fault, grantType: 'refresh_token' })
    const pair = await signIn(procore)
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(500)
  })

  it.each([
    ['token-info', '/oauth/token/info'],
    ['authorize', '/oauth/authorize'],
    ['revoke', '/oauth/revoke'],
    ['/oauth', '/oauth/token'],
  ] as const)('on %s meet %s', async (on, path) => {
    const procore = await start()
    procore.faults.add({ on, kind: 'status', status: 418 })
    expect((await fetch(`${procore.loginOrigin}${path}`)).status).toBe(418)
  })

  it('on token leave token/info alone', async () => {
    const procore = await start()
    procore.faults.add({ on: 'token', kind: 'status', status: 418 })
    const response = await fetch(`${procore.loginOrigin}/oauth/token/info`)
    expect(member(await response.json(), 'error')).toBe('invalid_token')
  })
})
