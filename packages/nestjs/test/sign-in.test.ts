import { createProcoreAuth, type ProcoreAuth } from '@procore-auth/core'
import { ProcoreAuthModule } from '@procore-auth/nestjs'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type App,
  Browser,
  JSON_ONLY,
  optionsFor,
  PLATFORMS,
  REDIRECT_URI,
  startApp,
} from './support/app.js'

describe.each(PLATFORMS)('NestJS on $platform', (platform) => {
  let procore: Simulator
  let auth: ProcoreAuth
  let app: App
  let browser: Browser

  beforeEach(async () => {
    procore = await createSimulator({ redirectUris: [REDIRECT_URI] })
    auth = createProcoreAuth(optionsFor(procore))
    app = await startApp(platform, { imports: [ProcoreAuthModule.forRoot({ auth })] })
    browser = new Browser()
  })
  afterEach(async () => {
    await app.nest.close()
    await auth.close()
    await procore.close()
  })

  it('leads a browser to login and back, and calls the API as the user', async () => {
    const guarded = await browser.open(`${app.url}/guarded?a=1`)
    expect(guarded.status).toBe(302)
    const login = guarded.headers.get('location') ?? ''
    expect(login).toBe('/auth/procore/login?returnTo=%2Fguarded%3Fa%3D1')
    expect(await browser.signIn(app, { procore, login })).toBe('/guarded?a=1')
    expect(await browser.json(`${app.url}/guarded`)).toEqual({ login: 'jim@example.com' })
    expect(await browser.json(`${app.url}/me`)).toMatchObject({ login: 'jim@example.com' })
    expect(app.logger).toMatchObject({ errors: [], warnings: [] })
  })

  it('tells handlers who is signed in, and that nobody is', async () => {
    expect(await browser.json(`${app.url}/who`)).toEqual({ isAuthenticated: false, login: null })
    await browser.signIn(app, { procore })
    expect(await browser.json(`${app.url}/who`)).toEqual({
      isAuthenticated: true,
      login: 'jim@example.com',
    })
  })

  it('answers an API caller with 401 in JSON', async () => {
    const answer = await browser.open(`${app.url}/guarded`, { headers: JSON_ONLY })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({ error: 'ERR_PROCORE_NOT_AUTHENTICATED' })
    expect(app.logger.errors).toEqual([])
  })

  it('answers a form with a page', async () => {
    const answer = await browser.open(`${app.url}/guarded`, { method: 'POST' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(await answer.text()).toContain('Sign in with Procore')
  })

  it('signs out through the route', async () => {
    await browser.signIn(app, { procore })
    const answer = await browser.open(`${app.url}/auth/procore/logout`, { method: 'POST' })
    expect(answer.status).toBe(303)
    expect(await browser.json(`${app.url}/who`)).toMatchObject({ isAuthenticated: false })
  })

  it('signs out in a handler that sets a cookie of its own', async () => {
    await browser.signIn(app, { procore })
    const answer = await browser.open(`${app.url}/leave`, { method: 'POST' })
    expect(await answer.json()).toEqual({ isAuthenticated: false })
    expect(answer.headers.getSetCookie()).toHaveLength(2)
    expect(await browser.json(`${app.url}/who`)).toMatchObject({ isAuthenticated: false })
  })

  it('starts a login in a handler', async () => {
    const answer = await browser.open(`${app.url}/enter`)
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toContain(`${procore.loginOrigin}/oauth/authorize?`)
    expect(answer.headers.getSetCookie()).toHaveLength(1)
    expect(app.logger.errors).toEqual([])
  })

  it('answers its routes whatever a parser made of the body', async () => {
    await browser.signIn(app, { procore })
    const answer = await browser.open(`${app.url}/auth/procore/disconnect`, {
      method: 'POST',
      body: new URLSearchParams({ a: '1' }),
    })
    expect(answer.status).toBe(303)
    const login = await browser.open(`${app.url}/auth/procore/login`, { method: 'POST' })
    expect(login.status).toBe(405)
  })

  it('leaves all other addresses to the application', async () => {
    expect((await browser.open(`${app.url}/auth/procore`)).status).toBe(404)
    expect((await browser.open(`${app.url}/nothing`)).status).toBe(404)
  })
})
