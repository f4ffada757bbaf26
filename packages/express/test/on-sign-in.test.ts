import type { SignIn } from '@procore-auth/core'
import type { ExpressRequest } from '@procore-auth/express'
import { afterEach, describe, expect, it } from 'vitest'
import { type App, cookiesOf, startApp, VERSIONS } from './support/app.js'

describe.each(VERSIONS)('onSignIn with $name', ({ express }) => {
  let app: App
  afterEach(() => app.close())

  type Handler = (signIn: SignIn<ExpressRequest>) => unknown

  const start = async (handle: Handler): Promise<void> => {
    const untyped: object = { onSignIn: handle }
    app = await startApp(express, { options: untyped })
  }

  const revocations = (): number => app.procore.ledger.count({ path: '/oauth/revoke', status: 200 })

  it('gets the user, the request of the framework and a client that works', async () => {
    const seen: unknown[] = []
    await start(async ({ user, principal, client, request }) => {
      const projects = client.forCompany(10).get('/rest/v1.0/projects?company_id=10')
      const url = request?.raw.originalUrl
      seen.push(user.login, principal, url?.split('?')[0], await projects)
    })
    await app.signIn(app.browser())
    expect(seen).toEqual([
      'jim@example.com',
      '562949953430360',
      '/auth/procore/callback',
      expect.arrayContaining([expect.objectContaining({ name: 'Example Builders project 1' })]),
    ])
  })

  it('may keep the client: it works after the sign-in, and renews its token', async () => {
    const kept: SignIn['client'][] = []
    await start(({ client }) => void kept.push(client))
    await app.signIn(app.browser())
    app.procore.expireAccessTokens()
    expect(await kept[0]?.get('/rest/v1.0/me')).toMatchObject({ login: 'jim@example.com' })
    expect(app.procore.ledger.refreshes()).toHaveLength(1)
  })

  it('runs before there is a session or a grant', async () => {
    const states: unknown[] = []
    await start(async ({ principal }) => {
      states.push(await app.auth.status(principal))
    })
    await app.signIn(app.browser())
    expect(states).toEqual([{ state: 'not-connected' }])
  })

  it.each([undefined, true, null, 0, ''])('accepts by returning %j', async (value) => {
    await start(() => value)
    await app.signIn(app.browser())
    expect(revocations()).toBe(0)
  })

  it('refuses by returning false: a page, no session, tokens revoked, nothing stored', async () => {
    await start(() => false)
    const browser = app.browser()
    const answer = await browser.get(await app.authorize(browser)).expect(403)
    expect(answer.text).toContain('ERR_PROCORE_SIGN_IN_REFUSED')
    expect(cookiesOf(answer)).toHaveLength(1)
    expect((await browser.get('/who')).body.isAuthenticated).toBe(false)
    expect(await app.auth.status('562949953430360')).toEqual({ state: 'not-connected' })
    expect(revocations()).toBe(1)
    expect(app.errors).toEqual([])
  })

  it('that throws reaches the error handler once, with what it threw, tokens revoked', async () => {
    const thrown = new Error('database down')
    await start(() => {
      throw thrown
    })
    const browser = app.browser()
    const answer = await browser.get(await app.authorize(browser)).expect(500)
    expect(answer.text).toBe('handled')
    expect(app.errors).toEqual([thrown])
    expect(cookiesOf(answer)).toEqual([])
    expect((await browser.get('/who')).body.isAuthenticated).toBe(false)
    expect(await app.auth.status('562949953430360')).toEqual({ state: 'not-connected' })
    expect(revocations()).toBe(1)
  })

  it('that fails at a call to the API reaches the error handler as well', async () => {
    await start(({ client }) => client.forCompany(11).get('/rest/v1.0/nowhere'))
    const browser = app.browser()
    const answer = await browser.get(await app.authorize(browser))
    expect(answer.text).toBe('handled')
    expect(app.errors).toEqual([expect.objectContaining({ name: 'ProcoreApiError' })])
    expect(revocations()).toBe(1)
  })

  it('that forgets the company reaches the error handler as well', async () => {
    await start(({ client }) => client.get('/rest/v1.0/projects'))
    const browser = app.browser()
    await browser.get(await app.authorize(browser)).expect(500)
    expect(app.errors).toEqual([expect.objectContaining({ code: 'ERR_PROCORE_COMPANY_MISSING' })])
  })

  it('runs once for two simultaneous hits, and a failure is told to both', async () => {
    let calls = 0
    await start(() => {
      calls += 1
      throw new Error('database down')
    })
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.procore.faults.add({ kind: 'latency', on: 'token', ms: 50 })
    const answers = await Promise.all([browser.get(path), browser.get(path)])
    expect(answers.map(({ status }) => status)).toEqual([500, 500])
    expect(calls).toBe(1)
  })
})
