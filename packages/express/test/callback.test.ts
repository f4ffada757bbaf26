import { request as httpRequest } from 'node:http'
import { MemoryTokenStore, type ProcoreAuth } from '@procore-auth/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type App,
  cookiesOf,
  FailingStore,
  pairOf,
  SECRET,
  startApp,
  VERSIONS,
} from './support/app.js'

const LOGIN_LINK = '<a href="/auth/procore/login">'

describe.each(VERSIONS)('a callback with $name', ({ express }) => {
  let app: App

  beforeEach(async () => {
    app = await startApp(express)
  })
  afterEach(() => app.close())

  it.each([
    ['nothing', ''],
    ['a state alone', '?state=%STATE%'],
    ['a code alone', '?code=abc'],
    ['an empty code', '?state=%STATE%&code='],
    ['an empty state', '?state=&code=abc'],
    ['two codes', '?state=%STATE%&code=abc&code=def'],
    ['two states', '?state=%STATE%&state=%STATE%&code=abc'],
    ['two errors', '?state=%STATE%&error=access_denied&error=server_error'],
    ['a code of 100 kB', `?state=%STATE%&code=${'a'.repeat(100_000)}`],
    ['a state of 100 kB', `?state=${'a'.repeat(100_000)}&code=abc`],
    ['a state in capitals', '?state=%UPPER%&code=abc'],
    ['a state with a space', '?state=%STATE%+&code=abc'],
    ['a state that is a cookie name', '?state=__proto__&code=abc'],
    ['a line break in the code', '?state=%STATE%&code=a%0d%0ab'],
    ['a line break in the state', '?state=%STATE%%0d%0a&code=abc'],
    ['a NUL in the code', '?state=%STATE%&code=a%00b'],
    ['a NUL in the state', '?state=%00%STATE%&code=abc'],
    ['broken escapes', '?state=%&code=%zz%'],
    ['invalid UTF-8', '?state=%ff&code=%c3%28'],
    ['markup', '?state=<script>alert(1)</script>&code=<img src=x onerror=alert(1)>'],
    ['nested names', '?state[]=%STATE%&code[a]=b'],
  ])('with %s is refused on a page of our own and sends nothing', async (_, query) => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    const state = new URL(login.headers['location'] ?? '').searchParams.get('state') ?? ''
    const path = query.replaceAll('%STATE%', state).replaceAll('%UPPER%', state.toUpperCase())
    const answer = await browser.get(`/auth/procore/callback${path}`)
    expect([400, 403]).toContain(answer.status)
    expect(answer.text).toContain(LOGIN_LINK)
    expect(answer.text).not.toMatch(/<script|<img|onerror|a{50}/)
    expect(cookiesOf(answer)).toEqual([])
    expect(app.exchanges).toBe(0)
    expect(app.errors).toEqual([])
  })

  it.each([
    ['access_denied', 403, 'ERR_PROCORE_ACCESS_DENIED'],
    ['invalid_scope', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
    ['temporarily_unavailable', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
    ['<script>alert(1)</script>', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
    ['\'"><svg/onload=alert(1)>', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
    ['a\r\nset-cookie: evil=1', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
    ['a\0b', 502, 'ERR_PROCORE_AUTHORIZATION_FAILED'],
  ])('with the error %j names it on a page, and reflects nothing', async (error, status, code) => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    const state = new URL(login.headers['location'] ?? '').searchParams.get('state') ?? ''
    const query = new URLSearchParams({
      error,
      state,
      error_description: 'hunter2 <script>alert(2)</script>',
      error_uri: 'javascript:alert(3)',
    })
    const answer = await browser.get(`/auth/procore/callback?${query}`).expect(status)
    expect(answer.text).toContain(code)
    expect(answer.text).not.toMatch(/<script|<svg|onload|alert|hunter2|javascript:|evil/)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    // The login is over: its cookie goes, and no other comes.
    expect(cookiesOf(answer)).toEqual([expect.stringMatching(/^procore-login-\S+=; Max-Age=0; /)])
    expect(app.exchanges).toBe(0)
  })

  it('with an error that another site made up ends nothing', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    const forged = await browser.get('/auth/procore/callback?error=access_denied&state=made-up')
    expect([forged.status, cookiesOf(forged)]).toEqual([403, []])
    await browser.get(path).expect(303)
  })

  it('of a user who denied leads to a page, and the next attempt works', async () => {
    const browser = app.browser()
    const denied = await app.authorize(browser, { decision: 'deny' })
    const answer = await browser.get(denied).expect(403)
    expect(answer.text).toContain('You did not allow access')
    await app.signIn(browser)
  })

  it('answers a program with JSON', async () => {
    const answer = await app.program().get('/auth/procore/callback?code=a&state=b').expect(403)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.body).toMatchObject({ error: 'ERR_PROCORE_STATE_MISMATCH' })
  })

  it('is refused after loginMaxAgeSeconds', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.clock.advance(1_800_001)
    const answer = await browser.get(path).expect(403)
    expect(answer.text).toContain('ERR_PROCORE_STATE_EXPIRED')
    expect(app.exchanges).toBe(0)
    await app.signIn(browser)
  })

  it('is accepted a moment before loginMaxAgeSeconds', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.clock.advance(1_799_000)
    await browser.get(path).expect(303)
  })

  it.each([
    ['changed in its middle', (value: string) => flip(value, value.length - 40)],
    ['changed in its tag', (value: string) => flip(value, value.length - 4)],
    ['changed in its version', (value: string) => `v0${value.slice(2)}`],
    ['cut off', (value: string) => value.slice(0, 60)],
    ['empty', () => ''],
    ['of another kind', () => 'v1.00000000.AAAA'],
    ['percent-encoded garbage', () => '%E0%A4%A'],
  ])('with a login cookie that is %s is refused', async (_, change) => {
    const login = await app.browser().get('/auth/procore/login')
    const [name = '', value = ''] = pairOf(cookiesOf(login)[0]).split('=')
    const path = await app.allow(login.headers['location'])
    await app
      .browser()
      .get(path)
      .set('cookie', `${name}=${change(value)}`)
      .expect(403)
    expect(app.exchanges).toBe(0)
    await app.browser().get(path).set('cookie', `${name}=${value}`).expect(303)
  })

  it('with the login cookie of another login, under its own name, is refused', async () => {
    const first = await app.browser().get('/auth/procore/login')
    const second = await app.browser().get('/auth/procore/login')
    const [name] = pairOf(cookiesOf(first)[0]).split('=')
    const [, value] = pairOf(cookiesOf(second)[0]).split('=')
    const path = await app.allow(first.headers['location'])
    await app.browser().get(path).set('cookie', `${name}=${value}`).expect(403)
    expect(app.exchanges).toBe(0)
  })

  it('with a session cookie in place of the login cookie is refused', async () => {
    const browser = app.browser()
    const callback = await browser.get(await app.authorize(browser))
    const [, session] = cookiesOf(callback)
    const login = await app.browser().get('/auth/procore/login')
    const [name] = pairOf(cookiesOf(login)[0]).split('=')
    const path = await app.allow(login.headers['location'])
    const forged = `${name}=${pairOf(session).split('=')[1]}`
    await app.browser().get(path).set('cookie', forged).expect(403)
  })

  it('of a state that was used by another process leads on, without a second exchange', async () => {
    const tokenStore = new MemoryTokenStore()
    const one = await startApp(express, { options: { tokenStore } })
    const login = await one.browser().get('/auth/procore/login?returnTo=/there')
    const cookie = pairOf(cookiesOf(login)[0])
    const path = await one.allow(login.headers['location'])
    const two = await startApp(express, {
      options: {
        tokenStore,
        clientId: one.procore.app.clientId,
        clientSecret: one.procore.app.clientSecret,
        environment: {
          loginOrigin: one.procore.loginOrigin,
          apiOrigin: one.procore.apiOrigin,
        },
      },
    })
    await one.browser().get(path).set('cookie', cookie).expect(303)
    const second = await two.browser().get(path).set('cookie', cookie).expect(303)
    expect(second.headers['location']).toBe('/there')
    expect(cookiesOf(second)).toEqual([expect.stringMatching(/^procore-login-\S+=; Max-Age=0; /)])
    expect(one.exchanges).toBe(1)
    await two.close()
    await one.close()
  })

  it('is found among 60 kB of cookies, and refused, not crashed, with 100 kB of them', async () => {
    const login = await app.browser().get('/auth/procore/login')
    const cookie = pairOf(cookiesOf(login)[0])
    const path = await app.allow(login.headers['location'])
    const junk = (size: number): string => `x=${'y'.repeat(size)}; `
    await app
      .browser()
      .get(path)
      .set('cookie', junk(100_000) + cookie)
      .expect(403)
    await app.browser().get('/who').set('cookie', junk(100_000)).expect(200)
    await app
      .browser()
      .get(path)
      .set('cookie', junk(60_000) + cookie)
      .expect(303)
  })

  it.each([
    ';;;;',
    '=',
    '=;=',
    'a',
    'a=b; a=c; =d',
    '__proto__=x; constructor=y',
    '%=%; "="',
    '😀=😀',
  ])('and every other request survive the Cookie header %j', async (cookie) => {
    const sent = Buffer.from(cookie).toString('latin1')
    for (const path of ['/who', '/guarded', '/auth/procore/login', '/auth/procore/callback']) {
      const status = await rawGet(app, path, sent)
      expect(status).toBeLessThan(500)
    }
    expect(app.errors).toEqual([])
  })
})

describe.each(VERSIONS)('a session cookie with $name', ({ express }) => {
  let app: App
  let session: string

  beforeEach(async () => {
    app = await startApp(express)
    const browser = app.browser()
    const callback = await browser.get(await app.authorize(browser))
    session = pairOf(cookiesOf(callback)[1])
  })
  afterEach(() => app.close())

  const isAuthenticated = async (cookie: string): Promise<unknown> =>
    (await app.browser().get('/who').set('cookie', cookie)).body.isAuthenticated

  it('signs in where it comes back unchanged, and nowhere else', async () => {
    expect(await isAuthenticated(session)).toBe(true)
    const [name = '', value = ''] = session.split('=')
    for (let at = 0; at < value.length; at += 7) {
      expect(await isAuthenticated(`${name}=${flip(value, at)}`)).toBe(false)
    }
    for (const other of ['', 'undefined', 'true', '{"principal":"1"}', `${value}x`.repeat(2)]) {
      expect(await isAuthenticated(`${name}=${other}`)).toBe(false)
    }
    expect(await isAuthenticated(session)).toBe(true)
  })

  it('ends after sessionMaxAgeSeconds, also when it was verified before', async () => {
    expect(await isAuthenticated(session)).toBe(true)
    app.clock.advance(604_799_000)
    expect(await isAuthenticated(session)).toBe(true)
    app.clock.advance(1_001)
    expect(await isAuthenticated(session)).toBe(false)
  })

  it.each([
    ['another secret', { secret: 'a foreign secret of 32 characters or more' }],
    ['another client id', { clientId: 'another-client' }],
  ])('is of no use to an application with %s', async (_, options) => {
    const other = await startApp(express, { options })
    const [, value] = session.split('=')
    const foreign = other.browser()
    const login = await foreign.get('/auth/procore/login')
    const instance = pairOf(cookiesOf(login)[0]).split('-')[2]
    const cookie = `procore-session-${instance}=${value}; ${session}`
    expect((await foreign.get('/who').set('cookie', cookie)).body.isAuthenticated).toBe(false)
    await other.close()
  })

  it('survives a change of the secret while the old one is listed second', async () => {
    const { loginOrigin, apiOrigin } = app.procore
    const other = await startApp(express, {
      options: {
        environment: { loginOrigin, apiOrigin },
        clientId: app.procore.app.clientId,
        secret: ['the new secret of 32 characters or more', SECRET],
      },
    })
    const who = await other.browser().get('/who').set('cookie', session)
    expect(who.body.isAuthenticated).toBe(true)
    await other.close()
  })
})

describe.each(VERSIONS)('a callback that Procore fails with $name', ({ express }) => {
  let app: App
  const failures: unknown[] = []

  beforeEach(async () => {
    failures.length = 0
    app = await startApp(express, {
      options: { tokenTimeoutMs: 150 },
      routes: (_, auth: ProcoreAuth) => {
        auth.on('sign-in-failed', ({ error }) => void failures.push(error.code))
      },
    })
  })
  afterEach(() => app.close())

  it.each([
    ['is gone', { kind: 'close', when: 'before-commit', on: 'token' }, 504, 'RESPONSE_LOST'],
    [
      'is gone after the work',
      { kind: 'close', when: 'after-commit', on: 'token' },
      504,
      'RESPONSE_LOST',
    ],
    ['takes too long', { kind: 'latency', ms: 1_000, on: 'token' }, 504, 'RESPONSE_LOST'],
    ['sends a page', { kind: 'html-error', status: 503, on: 'token' }, 502, 'RESPONSE_INVALID'],
    [
      'sends a page with 200',
      { kind: 'html-error', status: 200, on: 'token' },
      502,
      'RESPONSE_INVALID',
    ],
    ['answers 500', { kind: 'status', status: 500, on: 'token' }, 502, 'RESPONSE_INVALID'],
    ['answers 429', { kind: 'status', status: 429, on: 'token' }, 502, 'RESPONSE_INVALID'],
    ['breaks off', { kind: 'malformed-json', on: 'token' }, 502, 'RESPONSE_INVALID'],
    [
      'redirects',
      { kind: 'redirect', location: 'http://127.0.0.1:9/', on: 'token' },
      502,
      'RESPONSE_INVALID',
    ],
    ['fails at /me', { kind: 'status', status: 500, on: 'me' }, 502, 'USER_UNAVAILABLE'],
    [
      'sends a page for /me',
      { kind: 'html-error', status: 200, on: 'me' },
      502,
      'USER_UNAVAILABLE',
    ],
    ['breaks off at /me', { kind: 'malformed-json', on: 'me' }, 502, 'USER_UNAVAILABLE'],
    [
      'hangs up at /me',
      { kind: 'close', when: 'before-commit', on: 'me' },
      502,
      'USER_UNAVAILABLE',
    ],
  ] as const)(
    'because it %s: a page, no session, and the next attempt works',
    async (_, fault, status, code) => {
      const browser = app.browser()
      const path = await app.authorize(browser)
      app.procore.faults.add(fault)
      const answer = await browser.get(path).expect(status)
      expect(answer.text).toContain(code)
      expect(answer.text).toContain(LOGIN_LINK)
      expect(cookiesOf(answer)).toEqual([expect.stringMatching(/^procore-login-\S+=; Max-Age=0; /)])
      expect((await browser.get('/who')).body.isAuthenticated).toBe(false)
      expect(failures).toEqual([expect.stringContaining(code)])
      expect(app.errors).toEqual([])
      app.procore.faults.clear()
      await app.signIn(browser)
      expect((await browser.get('/me')).body).toMatchObject({ login: 'jim@example.com' })
    },
  )

  it('because nothing listens: a page that says so, without a second attempt', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    await app.procore.close()
    const answer = await browser.get(path).expect(503)
    expect(answer.text).toContain('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE')
  })

  it.each([400, 401])(
    'because the code is dead (%i): a page, and no second attempt',
    async (status) => {
      const browser = app.browser()
      const path = await app.authorize(browser)
      app.procore.clock.advance(700_000)
      if (status === 401)
        app.procore.faults.add({ kind: 'unauthorized-invalid-grant', on: 'token' })
      const answer = await browser.get(path).expect(400)
      expect(answer.text).toContain('ERR_PROCORE_CODE_REJECTED')
      expect(app.exchanges).toBe(1)
    },
  )

  it('revokes the tokens of a sign-in that fails after the exchange', async () => {
    const browser = app.browser()
    app.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    await browser.get(await app.authorize(browser)).expect(502)
    expect(app.procore.ledger.count({ path: '/oauth/revoke', status: 200 })).toBe(1)
    expect(await app.auth.status('562949953430360')).toEqual({ state: 'not-connected' })
  })

  it('says the same when the revocation fails as well', async () => {
    const browser = app.browser()
    app.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    app.procore.faults.add({ kind: 'close', when: 'before-commit', on: 'revoke' })
    const answer = await browser.get(await app.authorize(browser)).expect(502)
    expect(answer.text).toContain('ERR_PROCORE_USER_UNAVAILABLE')
  })
})

describe.each(VERSIONS)('a callback whose token store fails with $name', ({ express }) => {
  let app: App
  let store: FailingStore

  beforeEach(async () => {
    store = new FailingStore(new MemoryTokenStore())
    app = await startApp(express, { options: { tokenStore: store } })
  })
  afterEach(() => app.close())

  it.each(['acquireLease', 'get', 'put'] as const)(
    'in %s reaches the error handler once, typed, with status 503 and without its words',
    async (method) => {
      const browser = app.browser()
      const path = await app.authorize(browser)
      store.failing = [method]
      const answer = await browser.get(path).expect(503)
      expect(answer.text).toBe('handled')
      expect(cookiesOf(answer)).toEqual([])
      expect(app.errors).toEqual([
        expect.objectContaining({ code: 'ERR_PROCORE_STORE_UNAVAILABLE', status: 503 }),
      ])
      expect(String(app.errors[0])).not.toContain('canary0')
    },
  )

  it('before the exchange has used nothing up: a reload works once the store is back', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    store.failing = ['acquireLease']
    await browser.get(path).expect(503)
    expect(app.exchanges).toBe(0)
    store.failing = []
    await browser.get(path).expect(303)
    expect((await browser.get('/who')).body.isAuthenticated).toBe(true)
  })

  it('after the exchange revokes the tokens, and the next attempt works', async () => {
    const browser = app.browser()
    store.failing = ['put']
    await browser.get(await app.authorize(browser)).expect(503)
    expect(app.procore.ledger.count({ path: '/oauth/revoke', status: 200 })).toBe(1)
    store.failing = []
    await app.signIn(browser)
  })

  it('does not keep anybody from starting a login or opening a public page', async () => {
    store.failing = ['get', 'put', 'delete', 'acquireLease', 'releaseLease']
    await app.browser().get('/auth/procore/login').expect(302)
    await app.browser().get('/public').expect(200)
  })
})

function flip(text: string, at: number): string {
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}

/** Sends a header that supertest would refuse to send. */
function rawGet(app: App, path: string, cookie: string): Promise<number> {
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, path, headers: { cookie } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end()
  })
}
