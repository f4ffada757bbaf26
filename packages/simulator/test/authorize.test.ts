import { describe, expect, it } from 'vitest'
import { authorizePath, Browser, openConsent } from './support/browser.js'
import { codeFields, outOfBand, readPair, requestToken, start } from './support/simulator.js'

const code = /^[0-9a-f]{64}$/

describe('an authorization request without a login', () => {
  it('is sent to the login page', async () => {
    const procore = await start()
    const view = await new Browser(procore.loginOrigin).get(authorizePath(procore))
    expect(view.status).toBe(302)
    expect(view.location).toMatch(/^\/login/)
  })

  it('comes back after the login with all its parameters', async () => {
    const procore = await start()
    const path = authorizePath(procore, { state: 'a "b"&c=d/é+%20', foo: 'bar' })
    const browser = new Browser(procore.loginOrigin)
    const loginPage = await browser.get((await browser.get(path)).location ?? '')
    const [user] = procore.users
    const sent = await browser.submit(loginPage, 'Log in', {
      email: user?.login ?? '',
      password: user?.password ?? '',
    })
    const back = new URL(sent.location ?? '', procore.loginOrigin).searchParams
    expect(sent.status).toBe(302)
    expect(Object.fromEntries(back)).toEqual(
      Object.fromEntries(new URL(path, procore.loginOrigin).searchParams),
    )
  })

  it('keeps its parameters through a wrong password', async () => {
    const procore = await start()
    const browser = new Browser(procore.loginOrigin)
    const redirect = await browser.get(authorizePath(procore, { state: 'kept' }))
    const wrong = await browser.submit(await browser.get(redirect.location ?? ''), 'Log in', {
      email: 'jim@example.com',
      password: 'wrong',
    })
    const consent = await browser.logIn(wrong, procore.users[0])
    expect((await browser.submit(consent, 'Allow')).location).toContain('state=kept')
  })
})

describe('Allow', () => {
  it('redirects to the callback with a code of 64 hex characters and the state', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { state: 'xyz' })
    const view = await browser.submit(page, 'Allow')
    expect(view.status).toBe(302)
    expect(view.location).toMatch(
      /^http:\/\/localhost:4567\/callback\?code=[0-9a-f]{64}&state=xyz$/,
    )
  })

  it('sends no state where none came', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore)
    expect((await browser.submit(page, 'Allow')).location).toMatch(/\?code=[0-9a-f]{64}$/)
  })

  it('encodes the state as a form does, a space as a plus', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { state: 'a "b"&c=d/é+%20' })
    expect((await browser.submit(page, 'Allow')).location).toMatch(
      /&state=a\+%22b%22%26c%3Dd%2F%C3%A9%2B%2520$/,
    )
  })

  it('shows the code on a page of the same server when out of band', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { redirect_uri: outOfBand, state: 'x' })
    const view = await browser.submit(page, 'Allow')
    expect(view.location).toMatch(/^\/oauth\/authorize\/native\?code=[0-9a-f]{64}$/)
    const native = await browser.get(view.location ?? '')
    expect(native.status).toBe(200)
    const shown = /<code id="authorization_code">([^<]*)<\/code>/.exec(native.text)?.[1]
    expect(shown).toMatch(code)
    expect(view.location).toContain(shown)
  })

  it('accepts another port of a registered loopback address', async () => {
    const procore = await start({ redirectUris: ['http://127.0.0.1/callback'] })
    const { browser, page } = await openConsent(procore, {
      redirect_uri: 'http://127.0.0.1:39817/callback',
    })
    const view = await browser.submit(page, 'Allow')
    expect(view.location).toMatch(/^http:\/\/127\.0\.0\.1:39817\/callback\?code=/)
  })

  it('accepts a query behind a registered URI and adds to it', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, {
      redirect_uri: 'http://localhost:4567/callback?tenant=1',
    })
    const view = await browser.submit(page, 'Allow')
    expect(view.location).toMatch(/^http:\/\/localhost:4567\/callback\?tenant=1&code=/)
  })
})

describe('Deny', () => {
  it('redirects with access_denied and the state', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { state: 'xyz' })
    const view = await browser.submit(page, 'Deny')
    expect(view.status).toBe(302)
    expect(view.location).toBe(
      'http://localhost:4567/callback?error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request.&state=xyz',
    )
  })

  it('answers 400 with JSON when out of band', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { redirect_uri: outOfBand })
    const view = await browser.submit(page, 'Deny')
    expect([view.status, view.location]).toEqual([400, undefined])
    expect(JSON.parse(view.text)).toEqual({
      error: 'access_denied',
      error_description: 'The resource owner or authorization server denied the request.',
    })
  })
})

describe('a faulty authorization request', () => {
  const faulty: readonly { name: string; fields: Record<string, string>; pkce?: boolean }[] = [
    { name: 'another redirect URI', fields: { redirect_uri: 'http://localhost:4567/elsewhere' } },
    {
      name: 'a slash behind the redirect URI',
      fields: { redirect_uri: 'http://localhost:4567/callback/' },
    },
    { name: 'localhost on another port', fields: { redirect_uri: 'http://localhost:1/callback' } },
    {
      name: 'a fragment in the redirect URI',
      fields: { redirect_uri: 'http://localhost:4567/callback#x' },
    },
    {
      name: 'a line break in the redirect URI',
      fields: { redirect_uri: 'http://localhost:4567/callback?a\r\nb' },
    },
    { name: 'an unknown client', fields: { client_id: 'f'.repeat(64) } },
    { name: 'no client', fields: { client_id: '' } },
    { name: 'response_type=token', fields: { response_type: 'token' } },
    { name: 'an unknown scope', fields: { scope: 'everything' } },
    {
      name: 'a challenge without a method where PKCE is on',
      fields: { code_challenge: 'c'.repeat(43) },
      pkce: true,
    },
  ]

  it.each(faulty)('with $name ends on an error page with 200', async ({ fields, pkce }) => {
    const procore = await start({ pkce })
    const { page } = await openConsent(procore, fields)
    expect([page.status, page.location]).toEqual([200, undefined])
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.text).toContain('<h1>An error has occurred</h1>')
  })
})

describe('consent', () => {
  it('is not asked for again while a token of the user lives', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore)
    const allowed = await browser.submit(page, 'Allow')
    const first = new URL(allowed.location ?? '').searchParams.get('code') ?? ''
    await readPair(await requestToken(procore, codeFields(procore, first)))
    const again = await browser.get(authorizePath(procore, { state: 'second' }))
    expect(again.status).toBe(302)
    expect(again.location).toMatch(/code=[0-9a-f]{64}&state=second$/)
  })

  it('is asked for again after the user disconnected the application', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore)
    const allowed = await browser.submit(page, 'Allow')
    const first = new URL(allowed.location ?? '').searchParams.get('code') ?? ''
    await readPair(await requestToken(procore, codeFields(procore, first)))
    procore.revoke('jim@example.com')
    const again = await browser.get(authorizePath(procore))
    expect(again.status).toBe(200)
    expect(again.text).toContain('Allow')
  })

  it('takes no form without the token of the session', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore)
    const view = await browser.submit(page, 'Allow', { authenticity_token: 'f'.repeat(64) })
    expect([view.status, view.location]).toEqual([422, undefined])
  })

  it('takes no form of another session', async () => {
    const procore = await start()
    const { page } = await openConsent(procore)
    const other = await openConsent(procore)
    expect((await other.browser.submit(page, 'Allow')).status).toBe(422)
  })

  it('can be given as another user', async () => {
    const procore = await start()
    const { browser, page } = await openConsent(procore, { state: 'kept' })
    const link = /href="(\/logout[^"]*)"/.exec(page.text)?.[1] ?? ''
    const loginPage = await browser.get((await browser.get(link)).location ?? '')
    const consent = await browser.logIn(loginPage, procore.users[1])
    expect(consent.text).toContain('Ana Example')
    expect((await browser.submit(consent, 'Allow')).location).toContain('state=kept')
  })
})

describe('the login', () => {
  it('takes no form without the token of the session', async () => {
    const procore = await start()
    const browser = new Browser(procore.loginOrigin)
    const page = await browser.get('/login')
    const view = await browser.submit(page, 'Log in', { authenticity_token: '' })
    expect(view.status).toBe(422)
  })

  it('leads to no other site and to no other page', async () => {
    const procore = await start()
    for (const target of ['https://evil.example/', '//evil.example', '/oauth/authorize@evil']) {
      const browser = new Browser(procore.loginOrigin)
      const page = await browser.get(`/login?return_to=${encodeURIComponent(target)}`)
      const [user] = procore.users
      const view = await browser.submit(page, 'Log in', {
        email: user?.login ?? '',
        password: user?.password ?? '',
      })
      expect(view.location).toBe('/')
    }
  })

  it('is worth nothing under a session id from before the logout', async () => {
    const procore = await start()
    const { browser } = await openConsent(procore)
    const copy = browser.clone()
    expect((await copy.get(authorizePath(procore))).status).toBe(200)
    await browser.get('/logout')
    expect((await copy.get(authorizePath(procore))).location).toMatch(/^\/login/)
  })

  it('ends with the logout', async () => {
    const procore = await start()
    const { browser } = await openConsent(procore)
    await browser.get('/logout')
    expect((await browser.get(authorizePath(procore))).location).toMatch(/^\/login/)
  })
})
