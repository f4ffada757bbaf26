import { describe, expect, it } from 'vitest'
import type { Simulator } from '../src/index.js'
import {
  member,
  meStatus,
  outcome,
  type Pair,
  post,
  refresh,
  requestRefresh,
  signIn,
  start,
} from './support/simulator.js'

const inspect = (procore: Simulator, { accessToken }: Pair) =>
  fetch(`${procore.loginOrigin}/oauth/token/info`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  })

const revoke = (procore: Simulator, fields: Readonly<Record<string, string>>) =>
  post(`${procore.loginOrigin}/oauth/revoke`, {
    client_id: procore.app.clientId,
    client_secret: procore.app.clientSecret,
    ...fields,
  })

describe('token/info', () => {
  it('describes a token and says what is left of it', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.clock.advance(400_000)
    const response = await inspect(procore, pair)
    expect(response.status).toBe(200)
    const body = await response.json()
    expect(body).toEqual({
      resource_owner_id: Number(procore.users[0]?.id),
      scope: ['public'],
      expires_in: expect.any(Number),
      application: { uid: procore.app.clientId },
      created_at: expect.any(Number),
    })
    expect(Math.abs(Number(member(body, 'expires_in')) - 5000)).toBeLessThan(5)
  })

  it('does not say why it refuses', async () => {
    const procore = await start()
    const revoked = await signIn(procore)
    await refresh(procore, revoked)
    const expired = await signIn(procore)
    procore.expireAccessTokens()
    const unknown = { ...expired, accessToken: 'f'.repeat(64) }
    for (const pair of [revoked, expired, unknown]) {
      const response = await inspect(procore, pair)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token is invalid"',
      )
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.json()).toEqual({
        error: 'invalid_token',
        error_description: 'The access token is invalid',
        state: 'unauthorized',
      })
    }
  })
})

describe('revoking', () => {
  it.each(['accessToken', 'refreshToken'] as const)('by %s kills both tokens', async (name) => {
    const procore = await start()
    const pair = await signIn(procore)
    const response = await revoke(procore, { token: pair[name] })
    expect([response.status, await response.text()]).toEqual([200, '{}'])
    expect(await meStatus(procore, pair)).toBe(401)
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(400)
  })

  it('has its own cache headers and no challenge', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    const refused = await revoke(procore, { token: pair.accessToken, client_secret: 'wrong' })
    const done = await revoke(procore, { token: pair.accessToken })
    expect(done.headers.get('cache-control')).toBe('max-age=0, private, must-revalidate')
    expect(refused.headers.get('cache-control')).toBe('no-cache')
    expect(refused.headers.get('www-authenticate')).toBeNull()
  })

  it('takes the client by HTTP Basic', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    const { clientId, clientSecret } = procore.app
    const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
    const headers = { Authorization: `Basic ${credentials}` }
    const url = `${procore.loginOrigin}/oauth/revoke`
    expect((await post(url, { token: pair.accessToken }, headers)).status).toBe(200)
    expect(await meStatus(procore, pair)).toBe(401)
  })

  it('once more, an unknown token and no token are a success', async () => {
    const procore = await start()
    const { accessToken } = await signIn(procore)
    await revoke(procore, { token: accessToken })
    for (const token of [accessToken, 'f'.repeat(64), '']) {
      const response = await revoke(procore, { token })
      expect([response.status, await response.text()]).toEqual([200, '{}'])
    }
  })

  it.each([
    ['a wrong secret', () => ({ client_secret: 'wrong' })],
    ['no client', () => ({ client_id: '', client_secret: '' })],
    [
      'another client',
      ({ serviceApp }: Simulator) => ({
        client_id: serviceApp.clientId,
        client_secret: serviceApp.clientSecret,
      }),
    ],
  ])('with %s is refused', async (_name, fields) => {
    const procore = await start()
    const pair = await signIn(procore)
    const response = await revoke(procore, { token: pair.accessToken, ...fields(procore) })
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({
      error: 'unauthorized_client',
      error_description: 'You are not authorized to revoke this token',
    })
    expect(await meStatus(procore, pair)).toBe(200)
  })

  it('by the refresh token of an expired access token succeeds and does nothing', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    procore.expireAccessTokens()
    const response = await revoke(procore, { token: pair.refreshToken })
    expect([response.status, await response.text()]).toEqual([200, '{}'])
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(200)
  })
})

describe('a user who disconnects the application', () => {
  it('leaves only dead tokens and void codes', async () => {
    const procore = await start()
    const pair = await signIn(procore)
    const other = await signIn(procore, 'ana@example.com')
    procore.revoke('jim@example.com')
    expect(await meStatus(procore, pair)).toBe(401)
    const response = await requestRefresh(procore, pair.refreshToken)
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
    expect(await meStatus(procore, other)).toBe(200)
  })
})
