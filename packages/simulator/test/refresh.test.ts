import { describe, expect, it } from 'vitest'
import type { RefreshMode } from '../src/index.js'
import {
  callApi,
  invalidGrantText,
  meStatus,
  outcome,
  post,
  readPair,
  refresh,
  requestRefresh,
  signIn,
  start,
} from './support/simulator.js'

const modes: readonly RefreshMode[] = ['strict', 'on-use']

describe.each(modes)('a refresh in %s mode', (refreshMode) => {
  it('gives a new pair, expired or not', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    procore.clock.advance(6_000_000)
    const third = await refresh(procore, second)
    const all = [first, second, third].flatMap((pair) => [pair.accessToken, pair.refreshToken])
    expect(new Set(all).size).toBe(6)
    expect(await meStatus(procore, third)).toBe(200)
  })

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }],
    ['a client id without a secret', { client_secret: '' }],
  ])('with %s is refused and does not use up the token', async (_name, extra) => {
    const procore = await start({ refreshMode })
    const pair = await signIn(procore)
    const response = await requestRefresh(procore, pair.refreshToken, extra)
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(200)
  })

  it('without any client is an invalid grant', async () => {
    const procore = await start({ refreshMode })
    const { refreshToken } = await signIn(procore)
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken }
    const response = await post(`${procore.loginOrigin}/oauth/token`, fields)
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
    expect((await requestRefresh(procore, refreshToken)).status).toBe(200)
  })

  it('with another client is an invalid grant', async () => {
    const procore = await start({ refreshMode })
    const { refreshToken } = await signIn(procore)
    const response = await requestRefresh(procore, refreshToken, {
      client_id: procore.serviceApp.clientId,
      client_secret: procore.serviceApp.clientSecret,
    })
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it('checks the token before the client', async () => {
    const procore = await start({ refreshMode })
    const { refreshToken } = await signIn(procore)
    procore.revoke('jim@example.com')
    const response = await requestRefresh(procore, refreshToken, { client_secret: 'wrong' })
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it('with an unknown token is an invalid grant', async () => {
    const procore = await start({ refreshMode })
    const response = await requestRefresh(procore, 'f'.repeat(64))
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it('with a wider scope is refused', async () => {
    const procore = await start({ refreshMode })
    const { refreshToken } = await signIn(procore)
    const response = await requestRefresh(procore, refreshToken, { scope: 'public everything' })
    expect(await outcome(response)).toEqual([400, 'invalid_scope'])
  })

  it('without a token is refused', async () => {
    const procore = await start({ refreshMode })
    const response = await requestRefresh(procore, '')
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_request',
      error_description: 'Missing required parameter: refresh_token.',
    })
  })

  it('ignores redirect_uri and other parameters', async () => {
    const procore = await start({ refreshMode })
    const { refreshToken } = await signIn(procore)
    const extra = { redirect_uri: 'http://elsewhere/', foo: '1', code_verifier: 'v' }
    expect((await requestRefresh(procore, refreshToken, extra)).status).toBe(200)
  })

  it('with a spent token fails alone: the new pair stays valid', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    await meStatus(procore, second)
    const again = await requestRefresh(procore, first.refreshToken)
    expect(await outcome(again)).toEqual([400, 'invalid_grant'])
    expect(await meStatus(procore, second)).toBe(200)
    expect((await requestRefresh(procore, second.refreshToken)).status).toBe(200)
  })

  it('lets the old pair die at the latest when the new access token is used', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    await meStatus(procore, second)
    expect(await meStatus(procore, first)).toBe(401)
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(400)
  })
})

describe('in strict mode', () => {
  it('the old access token dies with the refresh, though not expired', async () => {
    const procore = await start()
    const first = await signIn(procore)
    await refresh(procore, first)
    const response = await callApi(procore, '/rest/v1.0/me', first.accessToken)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      error_description: 'The access token was revoked',
    })
  })

  it('the old refresh token dies with the refresh', async () => {
    const procore = await start()
    const first = await signIn(procore)
    await refresh(procore, first)
    const again = await requestRefresh(procore, first.refreshToken)
    expect(again.status).toBe(400)
    expect(await again.json()).toEqual({
      error: 'invalid_grant',
      error_description: invalidGrantText,
    })
  })

  it('two refreshes without a use leave the first token dead', async () => {
    const procore = await start()
    const first = await signIn(procore)
    await refresh(procore, await refresh(procore, first))
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(400)
  })

  it('a lost answer locks the user out', async () => {
    const procore = await start()
    const first = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'close', when: 'after-commit' })
    await expect(requestRefresh(procore, first.refreshToken)).rejects.toThrow()
    const again = await requestRefresh(procore, first.refreshToken)
    expect(await outcome(again)).toEqual([400, 'invalid_grant'])
  })

  it('of twenty at the same time one wins, and its pair is valid', async () => {
    const procore = await start()
    const first = await signIn(procore)
    const all = await Promise.all(
      Array.from({ length: 20 }, () => requestRefresh(procore, first.refreshToken)),
    )
    const winners = all.filter(({ status }) => status === 200)
    const losers = all.filter(({ status }) => status === 400)
    expect([winners.length, losers.length]).toEqual([1, 19])
    const [winner] = winners
    expect(winner && (await meStatus(procore, await readPair(winner)))).toBe(200)
  })

  it('revoking the new pair leaves none alive', async () => {
    const procore = await start()
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    const { clientId, clientSecret } = procore.app
    await post(`${procore.loginOrigin}/oauth/revoke`, {
      token: second.accessToken,
      client_id: clientId,
      client_secret: clientSecret,
    })
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(400)
  })
})

describe('in on-use mode', () => {
  const refreshMode = 'on-use'

  it('the old access token works until the new one is used', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    expect(await meStatus(procore, first)).toBe(200)
    expect(await meStatus(procore, second)).toBe(200)
    expect(await meStatus(procore, first)).toBe(401)
  })

  it('the old refresh token gives a third pair until the new access token is used', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    const third = await refresh(procore, first)
    expect(third.refreshToken).not.toBe(second.refreshToken)
    expect(await meStatus(procore, third)).toBe(200)
    expect(await meStatus(procore, second)).toBe(200)
  })

  it('token/info counts as use', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    const headers = { Authorization: `Bearer ${second.accessToken}` }
    await fetch(`${procore.loginOrigin}/oauth/token/info`, { headers })
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(400)
  })

  it.each(['/rest/v1.0/me', '/oauth/token/info'])(
    'presenting an expired access token to %s counts as use, though the answer is 401',
    async (path) => {
      const procore = await start({ refreshMode })
      const first = await signIn(procore)
      const second = await refresh(procore, first)
      procore.expireAccessTokens()
      const origin = path.startsWith('/rest') ? procore.apiOrigin : procore.loginOrigin
      const headers = { Authorization: `Bearer ${second.accessToken}` }
      expect((await fetch(`${origin}${path}`, { headers })).status).toBe(401)
      expect((await requestRefresh(procore, first.refreshToken)).status).toBe(400)
    },
  )

  it('refreshing with the new refresh token is no use of it', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    await refresh(procore, await refresh(procore, first))
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(200)
  })

  it('a lost answer can be asked for again', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    procore.faults.add({ on: 'token', kind: 'close', when: 'after-commit' })
    await expect(requestRefresh(procore, first.refreshToken)).rejects.toThrow()
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(200)
  })

  it('two at the same time both win, and both families live on', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const [left, right] = await Promise.all([refresh(procore, first), refresh(procore, first)])
    expect(left.accessToken).not.toBe(right.accessToken)
    expect([await meStatus(procore, left), await meStatus(procore, right)]).toEqual([200, 200])
    expect(await meStatus(procore, await refresh(procore, left))).toBe(200)
    expect(await meStatus(procore, await refresh(procore, right))).toBe(200)
  })

  it('revoking the newest pair leaves the one before it alive', async () => {
    const procore = await start({ refreshMode })
    const first = await signIn(procore)
    const second = await refresh(procore, first)
    const { clientId, clientSecret } = procore.app
    await post(`${procore.loginOrigin}/oauth/revoke`, {
      token: second.accessToken,
      client_id: clientId,
      client_secret: clientSecret,
    })
    expect((await requestRefresh(procore, first.refreshToken)).status).toBe(200)
  })
})
