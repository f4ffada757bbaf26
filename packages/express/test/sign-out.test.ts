import { MemoryTokenStore } from '@procore-auth/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type App,
  type Browser,
  cookiesOf,
  FailingStore,
  startApp,
  VERSIONS,
} from './support/app.js'

const JIM = '562949953430360'
const FOREIGN = [
  [{ 'sec-fetch-site': 'cross-site' }],
  [{ 'sec-fetch-site': 'same-site' }],
  [{ 'sec-fetch-site': 'cross-site', origin: 'http://localhost:4567' }],
  [{ 'sec-fetch-site': 'nonsense' }],
  [{ origin: 'https://evil.example' }],
  [{ origin: 'null' }],
  [{ origin: 'http://localhost' }],
  [{ origin: 'https://localhost:4567' }],
  [{ origin: 'http://localhost:4567.evil.example' }],
] as const

describe.each(VERSIONS)('sign-out with $name', ({ express }) => {
  let app: App
  let browser: Browser
  let store: FailingStore

  beforeEach(async () => {
    store = new FailingStore(new MemoryTokenStore())
    app = await startApp(express, {
      options: { tokenStore: store },
      routes: (routes) => {
        routes.post('/own-logout', (req, res, next) => {
          req.procore.logout().then(() => res.json(req.procore.isAuthenticated), next)
        })
        routes.post('/own-disconnect', (req, res, next) => {
          req.procore.disconnect().then(() => res.json(req.procore.isAuthenticated), next)
        })
      },
    })
    browser = app.browser()
    await app.signIn(browser)
  })
  afterEach(() => app.close())

  const isSignedIn = async (): Promise<unknown> => (await browser.get('/who')).body.isAuthenticated
  const revocations = (): number => app.procore.ledger.count({ path: '/oauth/revoke' })
  const state = async (): Promise<string> => (await app.auth.status(JIM)).state

  it.each(FOREIGN)('is refused to another site: %j', async (headers) => {
    for (const route of ['logout', 'disconnect']) {
      const answer = await browser.post(`/auth/procore/${route}`).set(headers).expect(403)
      expect(answer.text).toContain('ERR_PROCORE_CROSS_SITE_REQUEST')
      expect(cookiesOf(answer)).toEqual([])
    }
    expect(await isSignedIn()).toBe(true)
    expect([revocations(), await state()]).toEqual([0, 'connected'])
  })

  it.each(['get', 'put', 'patch', 'delete', 'head'] as const)(
    'does not happen by %s',
    async (method) => {
      for (const route of ['logout', 'disconnect']) {
        const answer = await browser[method](`/auth/procore/${route}`).expect(405)
        expect(answer.headers['allow']).toBe('POST, OPTIONS')
        expect(cookiesOf(answer)).toEqual([])
      }
      expect(await isSignedIn()).toBe(true)
      expect([revocations(), await state()]).toEqual([0, 'connected'])
    },
  )

  it('says by OPTIONS what is allowed', async () => {
    const answer = await browser.options('/auth/procore/disconnect').expect(204)
    expect(answer.headers['allow']).toBe('POST, OPTIONS')
  })

  it.each([
    [{}],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:4567' }],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ origin: 'http://localhost:4567' }],
  ])('ends the session and keeps the grant: logout with %j', async (headers) => {
    const answer = await browser.post('/auth/procore/logout').set(headers).expect(303)
    expect(answer.headers['location']).toBe('/')
    expect(cookiesOf(answer)).toEqual([
      expect.stringMatching(/^procore-session-\S+=; Max-Age=0; .*HttpOnly; SameSite=Lax$/),
    ])
    expect(await isSignedIn()).toBe(false)
    expect([revocations(), await state()]).toEqual([0, 'connected'])
  })

  it('answers a program with 204', async () => {
    await app.program().post('/auth/procore/logout').expect(204)
  })

  it('may come twice, and from somebody who is not signed in', async () => {
    await browser.post('/auth/procore/logout').expect(303)
    await browser.post('/auth/procore/logout').expect(303)
    await browser.post('/auth/procore/disconnect').expect(401)
    expect(app.errors).toEqual([])
  })

  it('by disconnect revokes at Procore, deletes the grant and ends the session', async () => {
    const answer = await browser.post('/auth/procore/disconnect').expect(303)
    expect(cookiesOf(answer)).toHaveLength(1)
    expect([await isSignedIn(), await state(), revocations()]).toEqual([false, 'not-connected', 1])
    expect(app.procore.ledger.count({ path: '/oauth/token/info', status: 401 })).toBe(1)
  })

  it('by disconnect ends a grant whose access token has expired', async () => {
    app.procore.expireAccessTokens()
    await browser.post('/auth/procore/disconnect').expect(303)
    expect(app.procore.ledger.refreshes()).toHaveLength(1)
    expect(await state()).toBe('not-connected')
  })

  it.each([
    ['does nothing', { kind: 'silent-revoke', on: 'revoke' }],
    ['answers 500', { kind: 'status', status: 500, on: 'revoke' }],
    ['hangs up', { kind: 'close', when: 'before-commit', on: 'revoke' }],
    ['does not say whether the token lives', { kind: 'status', status: 500, on: 'token-info' }],
  ] as const)('by disconnect keeps grant and session when Procore %s', async (_, fault) => {
    app.procore.faults.add({ ...fault, times: 9 })
    const answer = await browser.post('/auth/procore/disconnect')
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.text).toContain('ERR_PROCORE_')
    expect(cookiesOf(answer)).toEqual([])
    expect([await isSignedIn(), await state()]).toEqual([true, 'connected'])
    expect(app.errors).toEqual([])
    app.procore.faults.clear()
    await browser.post('/auth/procore/disconnect').expect(303)
    expect(await state()).toBe('not-connected')
  })

  it('by disconnect reaches the error handler once when the store fails', async () => {
    store.failing = ['acquireLease']
    await browser.post('/auth/procore/disconnect').expect(503)
    expect(app.errors).toEqual([expect.objectContaining({ code: 'ERR_PROCORE_STORE_UNAVAILABLE' })])
    expect(revocations()).toBe(0)
    expect(await isSignedIn()).toBe(true)
  })

  it('of one user leaves the other connected', async () => {
    const ana = app.browser()
    await app.signIn(ana, { user: 'ana@example.com' })
    await browser.post('/auth/procore/disconnect').expect(303)
    expect((await ana.get('/me')).body).toMatchObject({ login: 'ana@example.com' })
  })

  it('by req.procore ends at once for the rest of the request, and leaves the answer to its handler', async () => {
    const logout = await browser.post('/own-logout')
    expect([logout.body, cookiesOf(logout).length]).toEqual([false, 1])
    expect([await isSignedIn(), await state()]).toEqual([false, 'connected'])
    await app.signIn(browser)
    const disconnect = await browser.post('/own-disconnect')
    expect([disconnect.body, cookiesOf(disconnect).length]).toEqual([false, 1])
    expect([await isSignedIn(), await state()]).toEqual([false, 'not-connected'])
  })
})
