import { beforeAll, describe, expect, test } from 'vitest'
import { TokenRequestError } from '../../src/errors.js'
import { exchangeAuthorizationCode } from '../../src/oauth/authorization-code.js'
import type { OAuthClient } from '../../src/oauth/client.js'
import { requestServiceTokens } from '../../src/oauth/client-credentials.js'
import { refreshTokens } from '../../src/oauth/refresh-token.js'
import { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'
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

const SUCCESS = {
  access_token: CANARY.newAccessToken,
  token_type: 'Bearer',
  expires_in: 5400,
  refresh_token: CANARY.newRefreshToken,
  scope: 'public',
  created_at: 1_795_342_730,
}

const refresh = (client: OAuthClient): Promise<TokenSet> =>
  refreshTokens(client, {
    refreshToken: new Secret(CANARY.refreshToken),
    redirectUri: 'https://app.example/callback',
  })

const exchange = (client: OAuthClient): Promise<TokenSet> =>
  exchangeAuthorizationCode(client, {
    code: new Secret(CANARY.code),
    redirectUri: 'https://app.example/callback?a=1&b=é',
  })

/** Sends one refresh to a server that answers so; returns the error and how often it was asked. */
async function refreshFailure(
  answer: WireAnswer,
  overrides: Partial<OAuthClient> = {},
): Promise<{ error: TokenRequestError; sent: number }> {
  const server = await startWireServer(answer)
  const error = await tokenRequestError(refresh(createOAuthClient(server.origin, overrides)))
  return { error, sent: server.requests.length }
}

async function tokenRequestError(call: Promise<unknown>): Promise<TokenRequestError> {
  const error = await rejection(call)
  expect(error).toBeInstanceOf(TokenRequestError)
  if (!(error instanceof TokenRequestError)) throw error
  expect(leaks(error)).toEqual([])
  return error
}

async function refreshSuccess(body: object, overrides?: Partial<OAuthClient>): Promise<TokenSet> {
  const server = await startWireServer(json(200, { ...SUCCESS, ...body }))
  return refresh(createOAuthClient(server.origin, overrides))
}

// It takes long to load, and the time-outs are short.
beforeAll(() => import('undici'))

describe('the request', () => {
  test('a refresh is one form POST with the credentials in the body', async () => {
    const server = await startWireServer(json(200, SUCCESS))
    await refresh(createOAuthClient(server.origin))
    expect(server.requests).toHaveLength(1)
    const [request] = server.requests
    expect(request).toMatchObject({ method: 'POST', url: '/oauth/token' })
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(request?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: CANARY.refreshToken,
      redirect_uri: 'https://app.example/callback',
      client_id: 'client-id',
      client_secret: CANARY.clientSecret,
    })
  })

  test('a refresh without a known redirect URI sends none', async () => {
    const server = await startWireServer(json(200, SUCCESS))
    const refreshToken = new Secret('old')
    await refreshTokens(createOAuthClient(server.origin), { refreshToken, redirectUri: undefined })
    expect(server.requests[0]?.form.has('redirect_uri')).toBe(false)
  })

  test('a code goes with exactly the redirect URI it was asked for with', async () => {
    const server = await startWireServer(json(200, SUCCESS))
    await exchange(createOAuthClient(server.origin))
    expect(Object.fromEntries(server.requests[0]?.form ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: CANARY.code,
      redirect_uri: 'https://app.example/callback?a=1&b=é',
      client_id: 'client-id',
      client_secret: CANARY.clientSecret,
    })
  })

  test('a scope is sent only where one is configured, and never with a refresh or a code', async () => {
    const server = await startWireServer(json(200, SUCCESS))
    const client = createOAuthClient(server.origin, { scope: 'a b' })
    await requestServiceTokens(client)
    await requestServiceTokens(createOAuthClient(server.origin))
    await refresh(client)
    await exchange(client)
    expect(server.requests.map(({ form }) => form.get('scope'))).toEqual(['a b', null, null, null])
  })

  test('secrets and ids with special characters arrive unchanged', async () => {
    const server = await startWireServer(json(200, SUCCESS))
    const odd = 'a+b%20&c=d~é/"\\'
    const clientSecret = new Secret(odd)
    const client = createOAuthClient(server.origin, { clientId: odd, clientSecret })
    await refreshTokens(client, { refreshToken: new Secret(odd), redirectUri: undefined })
    const form = server.requests[0]?.form
    const sent = ['client_id', 'client_secret', 'refresh_token'].map((name) => form?.get(name))
    expect(sent).toEqual([odd, odd, odd])
  })

  test('a token request has a connection of its own, which is not kept', async () => {
    const ports = new Set<number | undefined>()
    const server = await startWireServer((res, request, index) => {
      ports.add(res.socket?.remotePort)
      return json(200, SUCCESS)(res, request, index)
    })
    const client = createOAuthClient(server.origin)
    await refresh(client)
    await refresh(client)
    expect(ports.size).toBe(2)
    expect(server.requests.map(({ headers }) => headers.connection)).toEqual(['close', 'close'])
  })
})

describe('the tokens', () => {
  test('an answer of Doorkeeper becomes a token set', async () => {
    const tokens = await refreshSuccess({})
    expect(tokens.accessToken.reveal()).toBe(CANARY.newAccessToken)
    expect(tokens.refreshToken?.reveal()).toBe(CANARY.newRefreshToken)
    expect(tokens.issuedAt).toBe(1_795_342_730_000)
    expect(tokens.lifetimeMs).toBe(5_400_000)
    expect(leaks(tokens)).toEqual([])
  })

  test.each(['bearer', 'Bearer', 'BEARER'])('the token type may be written %s', async (type) => {
    const tokens = await refreshSuccess({ token_type: type, scope: undefined })
    expect(tokens.accessToken.reveal()).toBe(CANARY.newAccessToken)
  })

  test('a long JWT is a token like any other', async () => {
    const jwt = `${'e'.repeat(8_000)}.${'Y'.repeat(8_000)}.sig-_`
    expect((await refreshSuccess({ access_token: jwt })).accessToken.reveal()).toBe(jwt)
  })

  test('an expires_in written as text counts as a number', async () => {
    expect((await refreshSuccess({ expires_in: '900' })).lifetimeMs).toBe(900_000)
  })

  test.each([
    ['missing', undefined],
    ['text', '2026-06-01T12:00:00Z'],
    ['null', null],
    ['zero', 0],
    ['negative', -1],
  ])('a created_at that is %s is replaced by the local time', async (_, createdAt) => {
    const clock = { now: () => 42_000, sleep: async () => undefined }
    const tokens = await refreshSuccess({ created_at: createdAt }, { clock })
    expect(tokens.issuedAt).toBe(42_000)
  })

  test('client credentials have no refresh token', async () => {
    const server = await startWireServer(json(200, { ...SUCCESS, refresh_token: undefined }))
    const tokens = await requestServiceTokens(createOAuthClient(server.origin))
    expect(tokens.refreshToken).toBeUndefined()
    expect(Object.fromEntries(server.requests[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client-id',
      client_secret: CANARY.clientSecret,
    })
  })
})

describe('an answer that cannot be used has an unknown outcome', () => {
  test.each<[string, WireAnswer]>([
    ['has no access_token', json(200, { ...SUCCESS, access_token: undefined })],
    ['has an empty access_token', json(200, { ...SUCCESS, access_token: '' })],
    ['has an access_token with a space', json(200, { ...SUCCESS, access_token: 'two words' })],
    ['has an access_token with CR and LF', json(200, { ...SUCCESS, access_token: 'a\r\nx: y' })],
    ['has an access_token beyond ASCII', json(200, { ...SUCCESS, access_token: 'tökén' })],
    ['has a number as access_token', json(200, { ...SUCCESS, access_token: 12 })],
    ['has no refresh_token', json(200, { ...SUCCESS, refresh_token: undefined })],
    ['has an empty refresh_token', json(200, { ...SUCCESS, refresh_token: '' })],
    ['has null as refresh_token', json(200, { ...SUCCESS, refresh_token: null })],
    ['has no expires_in', json(200, { ...SUCCESS, expires_in: undefined })],
    ['has an expires_in of zero', json(200, { ...SUCCESS, expires_in: 0 })],
    ['has a negative expires_in', json(200, { ...SUCCESS, expires_in: -5 })],
    ['has an expires_in that is no number', json(200, { ...SUCCESS, expires_in: 'soon' })],
    ['has a token type of another kind', json(200, { ...SUCCESS, token_type: 'mac' })],
    ['has no token type', json(200, { ...SUCCESS, token_type: undefined })],
    ['has an access_token too long', json(200, { ...SUCCESS, access_token: 'a'.repeat(16_385) })],
    ['has a refresh_token too long', json(200, { ...SUCCESS, refresh_token: 'a'.repeat(16_385) })],
    ['is a list', json(200, [SUCCESS])],
    ['is null', json(200, 'null')],
    ['breaks off', json(200, JSON.stringify(SUCCESS).slice(0, 60))],
    ['is empty', json(200, '')],
    ['is a page', html(200, `<html>${CANARY.newAccessToken}</html>`)],
    ['is a page of a proxy', html(502, `<h1>Bad Gateway</h1>${CANARY.refreshToken}`)],
    ['is a page with 400', html(400, 'Bad Request')],
    ['is Rails for malformed', json(400, { status: 400, error: 'Bad Request' })],
    ['is an error that is no OAuth code', json(400, { error: CANARY.refreshToken })],
    ['is an OAuth error with 500', json(500, { error: 'invalid_grant' })],
    ['is 201', json(201, SUCCESS)],
    ['is 429', json(429, { errors: 'slow down' }, { 'retry-after': '1' })],
    ['has a malformed challenge', json(401, {}, { 'www-authenticate': '"""' })],
    ['has a challenge alone', json(401, '', { 'www-authenticate': 'Basic realm="proxy"' })],
  ])('when it %s', async (_, answer) => {
    const { error, sent } = await refreshFailure(answer)
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_RESPONSE_INVALID',
      outcome: 'unknown',
      oauthError: undefined,
    })
    expect(sent).toBe(1)
  })

  test.each(['expires_in', 'created_at'])('when its %s is beyond all numbers', async (name) => {
    const body = JSON.stringify({ ...SUCCESS, [name]: 'HUGE' }).replace('"HUGE"', '1e307')
    const server = await startWireServer(json(200, body))
    const outcome = await refresh(createOAuthClient(server.origin)).then(
      (tokens) => Number.isFinite(tokens.issuedAt + tokens.lifetimeMs),
      (error: unknown) => error instanceof TokenRequestError && error.outcome === 'unknown',
    )
    expect(outcome).toBe(true)
  })

  test.each([301, 302, 303, 307, 308])(
    'a redirect %i is refused and not followed',
    async (status) => {
      const elsewhere = await startWireServer(json(200, SUCCESS))
      const { error, sent } = await refreshFailure((res) => {
        res.writeHead(status, { location: `${elsewhere.origin}/oauth/token` })
        res.end()
      })
      expect(error.outcome).toBe('unknown')
      expect([sent, elsewhere.requests.length]).toEqual([1, 0])
    },
  )
})

describe('an answer that does not come', () => {
  test.each<[string, WireAnswer]>([
    ['the connection is cut at once', (res) => void res.destroy()],
    [
      'the connection is cut in the middle',
      (res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        res.write(`{"access_token":"${CANARY.newAccessToken}"`)
        setImmediate(() => res.destroy())
      },
    ],
    ['what comes is not HTTP', (res) => void res.socket?.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['the answer is endless', (res) => void res.writeHead(200).end('x'.repeat(300_000))],
  ])('has an unknown outcome when %s', async (_, answer) => {
    const { error, sent } = await refreshFailure(answer)
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RESPONSE_LOST', outcome: 'unknown' })
    expect(sent).toBe(1)
  })

  test('has an unknown outcome when it comes too late', async () => {
    const { error, sent } = await refreshFailure(() => undefined, { timeoutMs: 800 })
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RESPONSE_LOST', outcome: 'unknown' })
    expect(sent).toBe(1)
  })

  test('has an unknown outcome when the body comes too late', async () => {
    const { error } = await refreshFailure(
      (res) => {
        res.writeHead(200, { 'content-type': 'application/json' })
        res.write('{')
      },
      { timeoutMs: 800 },
    )
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RESPONSE_LOST', outcome: 'unknown' })
  })

  test.each([
    new Error('read failed', { cause: 'text' }),
    new Error('read failed', { cause: null }),
    Object.assign(new Error('odd'), { code: 12 }),
    `not an error: ${CANARY.refreshToken}`,
    new Error(`quotes ${CANARY.refreshToken}`, { cause: new Error(CANARY.clientSecret) }),
  ])('has an unknown outcome and no leak whatever the transport throws (%#)', async (reason) => {
    const fetch = () => Promise.reject(reason)
    const client = createOAuthClient('https://login.example', { fetch })
    const error = await tokenRequestError(refresh(client))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RESPONSE_LOST', outcome: 'unknown' })
  })
})

describe('a request that was never sent may be sent again', () => {
  test('when the connection is refused', async () => {
    const error = await tokenRequestError(refresh(createOAuthClient(await deadOrigin())))
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE',
      outcome: 'not-sent',
    })
  })

  test('when every address of the host refuses', async () => {
    const origin = (await deadOrigin()).replace('127.0.0.1', 'localhost')
    expect((await tokenRequestError(refresh(createOAuthClient(origin)))).outcome).toBe('not-sent')
  })

  test('when the host does not exist', async () => {
    const client = createOAuthClient('https://login.invalid')
    expect((await tokenRequestError(refresh(client))).outcome).toBe('not-sent')
  })

  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('when the transport says %s', async (code) => {
    const reason = Object.assign(new Error(CANARY.refreshToken), { code })
    const client = createOAuthClient('https://login.example', {
      fetch: () => Promise.reject(reason),
    })
    expect((await tokenRequestError(refresh(client))).outcome).toBe('not-sent')
  })

  test('when connecting took too long', async () => {
    const reason = Object.assign(new Error('x'), { code: 'ETIMEDOUT', syscall: 'connect' })
    const client = createOAuthClient('https://login.example', {
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: reason })),
    })
    expect((await tokenRequestError(refresh(client))).outcome).toBe('not-sent')
  })

  test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT'])(
    'but not when the transport says %s: it may have arrived',
    async (code) => {
      const reason = Object.assign(new Error('x'), { code, syscall: 'read' })
      const client = createOAuthClient('https://login.example', {
        fetch: () => Promise.reject(reason),
      })
      expect((await tokenRequestError(refresh(client))).outcome).toBe('unknown')
    },
  )
})

describe('an OAuth error is a rejection', () => {
  const challenge = (error: string) => ({
    'www-authenticate': `Bearer realm="Doorkeeper", error="${error}", error_description="The provided authorization grant is invalid, expired, revoked."`,
  })

  test.each<[string, string, WireAnswer]>(
    ['invalid_grant', 'invalid_client', 'invalid_request', 'invalid_scope'].flatMap((error) =>
      [400, 401].flatMap((status): [string, string, WireAnswer][] => [
        [error, `${status} with a challenge`, json(status, { error }, challenge(error))],
        [error, `${status} without a challenge`, json(status, { error })],
        [error, `${status} and challenge alone`, json(status, '', challenge(error))],
        [
          error,
          `${status} with a challenge that does not name it`,
          json(status, { error }, { 'www-authenticate': 'Basic realm="Procore"' }),
        ],
        [
          error,
          `${status} with a challenge that cannot be read`,
          json(status, { error }, { 'www-authenticate': '???' }),
        ],
      ]),
    ),
  )('%s, %s', async (oauthError, _, answer) => {
    const { error, sent } = await refreshFailure(answer)
    expect(error).toMatchObject({ outcome: 'rejected', oauthError })
    expect(sent).toBe(1)
  })

  test.each([
    ['invalid_grant', 'ERR_PROCORE_CODE_REJECTED'],
    ['invalid_client', 'ERR_PROCORE_CLIENT_REJECTED'],
    ['unauthorized_client', 'ERR_PROCORE_CLIENT_REJECTED'],
    ['invalid_request', 'ERR_PROCORE_TOKEN_RESPONSE_INVALID'],
    ['invalid_scope', 'ERR_PROCORE_TOKEN_RESPONSE_INVALID'],
    ['unsupported_grant_type', 'ERR_PROCORE_TOKEN_RESPONSE_INVALID'],
  ])('%s has the code %s', async (oauthError, code) => {
    const { error } = await refreshFailure(json(400, { error: oauthError }))
    expect(error).toMatchObject({ code, oauthError, outcome: 'rejected' })
  })

  test('a description that quotes what was sent does not get into the error', async () => {
    const server = await startWireServer((res, request, index) =>
      json(400, { error: 'invalid_grant', error_description: request.body })(res, request, index),
    )
    const client = createOAuthClient(server.origin)
    for (const send of [refresh, exchange, requestServiceTokens]) {
      const error = await tokenRequestError(send(client))
      expect(error).toMatchObject({ outcome: 'rejected' })
    }
  })
})
