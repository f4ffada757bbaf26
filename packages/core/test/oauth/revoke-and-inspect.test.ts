import { beforeAll, describe, expect, test } from 'vitest'
import { revokeToken } from '../../src/oauth/revoke.js'
import { inspectAccessToken } from '../../src/oauth/token-info.js'
import { Secret } from '../../src/redact.js'
import { CANARY, leaks } from '../support/core-canaries.js'
import { createOAuthClient } from '../support/core-oauth-client.js'
import { rejection } from '../support/core-rejection.js'
import {
  deadOrigin,
  html,
  json,
  startWireServer,
  type WireAnswer,
} from '../support/core-wire-server.js'

const token = new Secret(CANARY.accessToken)

const ODD: readonly [string, WireAnswer][] = [
  ['403', json(403, { error: 'unauthorized_client', error_description: CANARY.accessToken })],
  ['500', html(500, 'oops')],
  ['204', (res) => void res.writeHead(204).end()],
  ['a redirect', (res) => void res.writeHead(302, { location: '/login' }).end()],
  ['a cut connection', (res) => void res.destroy()],
  ['silence', () => undefined],
]

// It takes long to load, and the time-outs are short.
beforeAll(() => import('undici'))

describe('revoking', () => {
  test('is one POST with the token and the client in the body', async () => {
    const server = await startWireServer(json(200, {}))
    await revokeToken(createOAuthClient(server.origin), token)
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/oauth/revoke' })
    expect(Object.fromEntries(server.requests[0]?.form ?? [])).toEqual({
      token: CANARY.accessToken,
      client_id: 'client-id',
      client_secret: CANARY.clientSecret,
    })
  })

  test.each([...ODD, ['401', json(401, {}, { 'www-authenticate': 'Bearer realm="x"' })] as const])(
    'is not done when the answer is %s',
    async (_, answer) => {
      const server = await startWireServer(answer)
      const client = createOAuthClient(server.origin, { timeoutMs: 800 })
      const error = await rejection(revokeToken(client, token))
      expect(error.code).toBe('ERR_PROCORE_DISCONNECT_FAILED')
      expect(leaks(error)).toEqual([])
      expect(server.requests).toHaveLength(1)
    },
  )

  test('is not done when nobody listens, or the transport throws something odd', async () => {
    const odd = { fetch: () => Promise.reject(CANARY.accessToken) }
    for (const client of [
      createOAuthClient(await deadOrigin()),
      createOAuthClient('https://x', odd),
    ]) {
      const error = await rejection(revokeToken(client, token))
      expect(error.code).toBe('ERR_PROCORE_DISCONNECT_FAILED')
      expect(leaks(error)).toEqual([])
    }
  })
})

describe('asking whether an access token works', () => {
  test('is one GET with the bearer, and 200 means valid', async () => {
    const server = await startWireServer(json(200, { resource_owner_id: 1, expires_in: 5 }))
    expect(await inspectAccessToken(createOAuthClient(server.origin), token)).toBe('valid')
    expect(server.requests).toHaveLength(1)
    const [request] = server.requests
    expect(request).toMatchObject({ method: 'GET', url: '/oauth/token/info', body: '' })
    expect(request?.headers.authorization).toBe(`Bearer ${CANARY.accessToken}`)
  })

  test('401 means invalid, with a challenge or without', async () => {
    const headers = { 'www-authenticate': 'Bearer realm="Doorkeeper", error="invalid_token"' }
    for (const answer of [json(401, {}, headers), json(401, {}), html(401, 'no')]) {
      const server = await startWireServer(answer)
      expect(await inspectAccessToken(createOAuthClient(server.origin), token)).toBe('invalid')
    }
  })

  test.each(ODD)('has no answer when it is %s', async (_, answer) => {
    const server = await startWireServer(answer)
    const client = createOAuthClient(server.origin, { timeoutMs: 800 })
    const error = await rejection(inspectAccessToken(client, token))
    expect(error.code).toBe('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE')
    expect(leaks(error)).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  test('has no answer when nobody listens', async () => {
    const error = await rejection(inspectAccessToken(createOAuthClient(await deadOrigin()), token))
    expect(error.code).toBe('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE')
  })

  test('a token that does not fit into a header is not sent and not shown', async () => {
    const server = await startWireServer(json(200, {}))
    const broken = new Secret(`${CANARY.accessToken}\r\nx: y`)
    const error = await rejection(inspectAccessToken(createOAuthClient(server.origin), broken))
    expect(server.requests).toHaveLength(0)
    expect(leaks(error)).toEqual([])
  })
})
