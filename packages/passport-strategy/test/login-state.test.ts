import { MemoryTokenStore } from '@procore-auth/core'
import { afterEach, describe, expect, it } from 'vitest'
import { closeApps, startApp, VERSIONS } from './support/app.js'

afterEach(closeApps)

const LOGIN = '/auth/procore/login'

describe.each(VERSIONS)('the state of a login with $name', ({ passport }) => {
  it('belongs to its tab: five finish in reverse order', async () => {
    const app = await startApp({ passport })
    const browser = app.browser()
    const paths: string[] = []
    for (const tab of [1, 2, 3, 4, 5]) {
      paths.push(await app.authorize(browser, { from: `${LOGIN}?returnTo=/${tab}` }))
    }
    const ends: unknown[] = []
    for (const path of paths.reverse()) ends.push(Object((await browser.get(path)).json()).info)
    expect(ends).toEqual(['/5', '/4', '/3', '/2', '/1'].map((returnTo) => ({ returnTo })))
  })

  it('belongs to its browser', async () => {
    const app = await startApp({ passport })
    const path = await app.authorize(app.browser())
    const thief = app.browser()
    expect((await thief.get(path)).status).toBe(403)
    await thief.get(LOGIN)
    expect((await thief.get(path)).status).toBe(403)
    expect(app.procore.ledger.tokenRequests()).toHaveLength(0)
  })

  it('expires', async () => {
    const app = await startApp({ passport, options: { loginMaxAgeSeconds: 60 } })
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.clock.advance(60_000)
    expect((await browser.get(path)).status).toBe(403)
    expect(app.procore.ledger.tokenRequests()).toHaveLength(0)
  })

  it('is used up: replayed with its cookie it sends nothing', async () => {
    const app = await startApp({ passport })
    const browser = app.browser()
    const path = await app.authorize(browser)
    const cookies = new Map(browser.jar)
    expect((await browser.get(path)).status).toBe(200)
    app.clock.advance(61_000)
    const replay = app.browser()
    for (const [name, value] of cookies) replay.jar.set(name, value)
    const answer = await replay.get(path)
    expect(answer).toMatchObject({ status: 303, location: '/' })
    expect((await replay.get('/who')).json()).toEqual({ isAuthenticated: false })
    expect(app.procore.ledger.tokenRequests()).toHaveLength(1)
  })

  it('carries an object to info', async () => {
    const state = { invitation: 'Ö-12', list: [1, 2] }
    const app = await startApp({ passport, authenticate: { state } })
    const browser = app.browser()
    const { info } = Object((await browser.get(await app.authorize(browser))).json())
    expect(info).toEqual({ state, returnTo: '/' })
  })

  it('carries a text to info, and is not that text itself', async () => {
    const app = await startApp({ passport, authenticate: { state: 'abc' } })
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect(path).toMatch(/state=[0-9a-f]{64}/)
    expect((await browser.get(path)).json()).toMatchObject({ info: { state: 'abc' } })
    expect((await browser.get('/auth/procore/callback?code=x&state=abc')).status).toBe(403)
  })
})

describe('a login', () => {
  it('carries no more than a cookie holds', async () => {
    const app = await startApp({ authenticate: { state: { text: 'x'.repeat(1_000) } } })
    expect((await app.browser().get(LOGIN)).status).toBe(500)
    expect(app.errors).toMatchObject([{ code: 'ERR_PROCORE_ARGUMENT_INVALID' }])
    const largest = { text: 'x'.repeat(1_000 - 22 - 2) }
    const fits = await startApp({ authenticate: { state: largest } })
    const browser = fits.browser()
    const from = `${LOGIN}?returnTo=/${'y'.repeat(1_023)}`
    const answer = await browser.get(await fits.authorize(browser, { from }))
    expect(answer.json()).toMatchObject({ info: { state: largest } })
  })

  it('keeps its cookie below what browsers take, whatever it carries', async () => {
    const app = await startApp({ authenticate: { state: { text: 'x'.repeat(970) } } })
    const login = await app.browser().get(`${LOGIN}?returnTo=/${'y'.repeat(1_023)}`)
    expect(login.cookies.join().length).toBeLessThan(4_096)
  })

  it.each(['//evil.example', 'https://evil.example/', '/\\evil', '/auth/procore/login'])(
    'does not end at %s',
    async (returnTo) => {
      const app = await startApp({ options: { defaultReturnTo: '/home' } })
      const browser = app.browser()
      const from = `${LOGIN}?${new URLSearchParams({ returnTo })}`
      const answer = await browser.get(await app.authorize(browser, { from }))
      expect(answer.json()).toMatchObject({ info: { returnTo: '/home' } })
    },
  )

  it('ends where procore.login() said', async () => {
    const app = await startApp()
    const browser = app.browser()
    const { location } = await browser.get('/enter')
    const answer = await browser.get(await app.authorize(browser, { from: location }))
    expect(answer.json()).toMatchObject({ info: { returnTo: '/there' } })
  })

  it('leaves nothing in the browser that a script reads or another site sends', async () => {
    const app = await startApp({
      session: 'none',
      options: { callbackURL: 'https://app.example.com/auth/procore/callback' },
      redirectUris: ['https://app.example.com/auth/procore/callback'],
    })
    const browser = app.browser()
    const login = await browser.get(LOGIN)
    expect(login.cookies).toHaveLength(1)
    expect(login.cookies[0]).toMatch(
      /^__Host-procore-login-[^;]+; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  it('is kept from caches and told to nobody', async () => {
    const app = await startApp()
    const browser = app.browser()
    const login = await browser.get(LOGIN)
    const callback = await browser.get(await app.authorize(browser))
    for (const { headers } of [login, callback]) {
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })
})

describe('the callback', () => {
  it('is one sign-in for two hits at the same time', async () => {
    const app = await startApp()
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.procore.faults.add({ kind: 'latency', on: 'token', ms: 30 })
    const hits = await Promise.all([browser.get(path), browser.get(path)])
    expect(hits.map(({ status }) => status)).toEqual([200, 200])
    for (const hit of hits) {
      expect(hit.json()).toMatchObject({ user: { login: 'jim@example.com' } })
    }
    expect(app.procore.ledger.tokenRequests()).toHaveLength(1)
    expect((await browser.get('/me')).status).toBe(200)
  })

  it('leads on where another process has completed the login', async () => {
    const tokenStore = new MemoryTokenStore()
    const app = await startApp({ options: { tokenStore } })
    const { procore } = app
    const { loginOrigin, apiOrigin } = procore
    const { clientId: clientID, clientSecret } = procore.app
    const sibling = await startApp({
      options: { tokenStore, environment: { loginOrigin, apiOrigin }, clientID, clientSecret },
    })
    const browser = app.browser()
    const path = await app.authorize(browser, { from: `${LOGIN}?returnTo=/there` })
    const other = sibling.browser()
    for (const [name, value] of browser.jar) other.jar.set(name, value)
    expect((await browser.get(path)).status).toBe(200)
    expect(await other.get(path)).toMatchObject({ status: 303, location: '/there' })
    expect(procore.ledger.tokenRequests()).toHaveLength(1)
    expect(sibling.errors).toEqual([])
  })

  it.each([
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }],
    ['GET', { purpose: 'prefetch' }],
  ])('uses nothing up for %s %j', async (method, headers) => {
    const app = await startApp()
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect(await browser.send(method, path, headers)).toMatchObject({ status: 204, cookies: [] })
    expect(await browser.send(method, LOGIN, headers)).toMatchObject({ status: 204, cookies: [] })
    expect((await browser.get(path)).status).toBe(200)
  })

  it('refuses a parameter that is there twice', async () => {
    const app = await startApp()
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect((await browser.get(`${path}&code=x`)).status).toBe(400)
    expect((await browser.get(path)).status).toBe(200)
  })

  it('uses nothing up while the store is away', async () => {
    const store = new MemoryTokenStore()
    let away = true
    const acquireLease = store.acquireLease.bind(store)
    store.acquireLease = async (...args) => {
      if (away) throw new Error('store away')
      return acquireLease(...args)
    }
    const app = await startApp({ options: { tokenStore: store } })
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect((await browser.get(path)).status).toBe(503)
    expect(app.errors).toMatchObject([{ code: 'ERR_PROCORE_STORE_UNAVAILABLE' }])
    away = false
    expect((await browser.get(path)).status).toBe(200)
  })

  it('tells listeners of what failed', async () => {
    const codes: string[] = []
    const app = await startApp()
    app.strategy.auth.on('sign-in-failed', ({ error }) => {
      codes.push(error.code)
    })
    const browser = app.browser()
    await browser.get('/auth/procore/callback?code=x&state=y')
    await browser.get(await app.authorize(browser, { decision: 'deny' }))
    app.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    await browser.get(await app.authorize(browser))
    app.procore.clock.advance(0)
    const late = await app.authorize(browser)
    app.procore.clock.advance(700_000)
    await browser.get(late)
    expect(codes).toEqual([
      'ERR_PROCORE_STATE_MISMATCH',
      'ERR_PROCORE_ACCESS_DENIED',
      'ERR_PROCORE_USER_UNAVAILABLE',
      'ERR_PROCORE_CODE_REJECTED',
    ])
  })
})
