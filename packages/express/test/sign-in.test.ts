import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, cookiesOf, pairOf, REDIRECT_URI, startApp, VERSIONS } from './support/app.js'

const EPOCH = new Date(0).toUTCString()
const JIM = { id: '562949953430360', login: 'jim@example.com', name: 'Jim Example' }

describe.each(VERSIONS)('sign-in with $name', ({ express }) => {
  let app: App

  beforeEach(async () => {
    app = await startApp(express)
  })
  afterEach(() => app.close())

  it('leads to Procore, back, and to a URL without code and state', async () => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login?returnTo=/projects?page=2').expect(302)
    const asked = new URL(login.headers['location'] ?? '')
    expect(asked.origin + asked.pathname).toBe(`${app.procore.loginOrigin}/oauth/authorize`)
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      response_type: 'code',
      client_id: app.procore.app.clientId,
      redirect_uri: REDIRECT_URI,
      state: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const callback = await browser.get(await app.allow(asked.href)).expect(303)
    expect(callback.headers['location']).toBe('/projects?page=2')
    const who = await browser.get('/who')
    expect(who.body).toEqual({ isAuthenticated: true, user: JIM })
    expect((await browser.get('/me')).body).toMatchObject({ login: JIM.login })
    expect(await app.auth.status(JIM.id)).toEqual({ state: 'connected', user: JIM })
  })

  it('has nothing cached and tells nobody where it came from, on every answer of a route', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    const answers = [
      await browser.get('/auth/procore/login'),
      await browser.head(path),
      await browser.get(path),
      await browser.get(path),
      await browser.get('/auth/procore/callback'),
      await browser.get('/auth/procore/logout'),
      await browser.options('/auth/procore/logout'),
      await browser.post('/auth/procore/logout'),
      await browser.post('/auth/procore/disconnect'),
    ]
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      })
    }
  })

  it('sets cookies that scripts and other sites do not get, and none that outlives its use', async () => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    const [loginCookie, ...others] = cookiesOf(login)
    expect(others).toEqual([])
    expect(loginCookie).toMatch(
      /^procore-login-[0-9a-f]{8}-[0-9a-f]{8}=\S+; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const callback = await browser.get(await app.allow(login.headers['location']))
    expect(cookiesOf(callback)).toEqual([
      `${loginCookie?.split('=')[0]}=; Max-Age=0; Path=/; Expires=${EPOCH}; HttpOnly; SameSite=Lax`,
      expect.stringMatching(
        /^procore-session-[0-9a-f]{8}=\S+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ])
  })

  it('sets no cookie on any other request', async () => {
    const browser = app.browser()
    for (const path of ['/', '/public', '/who', '/guarded']) {
      expect(cookiesOf(await browser.get(path))).toEqual([])
    }
    await app.signIn(browser)
    for (const path of ['/', '/public', '/who', '/guarded', '/me']) {
      expect(cookiesOf(await browser.get(path))).toEqual([])
    }
  })

  it('shows neither user nor token in its cookies', async () => {
    const browser = app.browser()
    const callback = await browser.get(await app.authorize(browser))
    const [, session] = cookiesOf(callback)
    const value = pairOf(session).split('=')[1] ?? ''
    for (const part of value.split('.')) {
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toMatch(/jim|562949953430360/i)
    }
  })

  it('works in five tabs that finish in reverse order', async () => {
    const browser = app.browser()
    const tabs: string[] = []
    for (const tab of [1, 2, 3, 4, 5]) {
      tabs.push(await app.authorize(browser, { loginPath: `/auth/procore/login?returnTo=/${tab}` }))
    }
    const ends: unknown[] = []
    for (const tab of tabs.reverse())
      ends.push((await browser.get(tab).expect(303)).headers['location'])
    expect(ends).toEqual(['/5', '/4', '/3', '/2', '/1'])
    expect(app.exchanges).toBe(5)
  })

  it('keeps the cookies of 200 started logins under 4 kB', async () => {
    const browser = app.browser()
    for (let started = 0; started < 200; started += 1) await browser.get('/auth/procore/login')
    let sent = ''
    app.server.once('request', (req) => {
      sent = req.headers.cookie ?? ''
    })
    await browser.get('/public')
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.length).toBeLessThan(4096)
    await app.signIn(browser)
  }, 30_000)

  it('is not finished by a callback that is replayed in another browser', async () => {
    const path = await app.authorize(app.browser())
    const thief = app.browser()
    await thief.get(path).expect(403)
    await app.authorize(thief)
    const answer = await thief.get(path).expect(403)
    expect(answer.text).toContain('ERR_PROCORE_STATE_MISMATCH')
    expect(cookiesOf(answer)).toEqual([])
    expect(app.exchanges).toBe(0)
  })

  it('is not finished twice by a callback that is replayed in the same browser', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    await browser.get(path).expect(303)
    await browser.get(path).expect(403)
    expect(app.exchanges).toBe(1)
  })

  it('answers two simultaneous hits of one callback alike, with one exchange', async () => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login?returnTo=/there')
    const cookie = pairOf(cookiesOf(login)[0])
    const path = await app.allow(login.headers['location'])
    app.procore.faults.add({ kind: 'latency', on: 'token', ms: 50 })
    const hit = () => app.browser().get(path).set('cookie', cookie)
    const answers = await Promise.all([hit(), hit()])
    for (const { status, headers } of answers) {
      expect([status, headers['location']]).toEqual([303, '/there'])
    }
    expect(cookiesOf(answers[0])).toEqual(cookiesOf(answers[1]))
    expect(app.exchanges).toBe(1)
    const late = await hit()
    expect([late.status, late.headers['location']]).toEqual([303, '/there'])
    expect(app.exchanges).toBe(1)
  })

  it('does not take a double hit of a thief, who has not the cookie, for one of the browser', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.procore.faults.add({ kind: 'latency', on: 'token', ms: 50 })
    const [own, stolen] = await Promise.all([browser.get(path), app.browser().get(path)])
    expect([own.status, stolen.status]).toEqual([303, 403])
    expect(cookiesOf(stolen)).toEqual([])
  })

  it.each([
    ['sec-purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['sec-purpose', 'prefetch;anonymous-client-ip'],
    ['purpose', 'prefetch'],
    ['x-purpose', 'preview'],
    ['x-moz', 'prefetch'],
  ])('uses nothing up when the browser only looks ahead (%s: %s)', async (name, value) => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    for (const ahead of [path, '/auth/procore/login']) {
      const answer = await browser.get(ahead).set(name, value).expect(204)
      expect(cookiesOf(answer)).toEqual([])
    }
    expect(app.exchanges).toBe(0)
    await browser.get(path).expect(303)
    expect(app.exchanges).toBe(1)
  })

  it('uses nothing up for HEAD and OPTIONS', async () => {
    const browser = app.browser()
    const path = await app.authorize(browser)
    for (const route of [path, '/auth/procore/login']) {
      expect(cookiesOf(await browser.head(route).expect(204))).toEqual([])
      const options = await browser.options(route).expect(204)
      expect(options.headers['allow']).toBe('GET, HEAD, OPTIONS')
    }
    expect(app.exchanges).toBe(0)
    await browser.get(path).expect(303)
  })

  it.each(['post', 'put', 'patch', 'delete'] as const)(
    'answers 405 and says what is allowed for %s login and callback',
    async (method) => {
      const browser = app.browser()
      const path = await app.authorize(browser)
      for (const route of [path, '/auth/procore/login']) {
        const answer = await browser[method](route).expect(405)
        expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS')
        expect(cookiesOf(answer)).toEqual([])
      }
      expect(app.exchanges).toBe(0)
    },
  )

  it('leaves everything else to the application', async () => {
    const browser = app.browser()
    const others = ['/auth/procore', '/auth/procore/', '/auth/procore/other', '/AUTH/procore/login']
    for (const path of [...others, '/auth/procore/%6cogin', '//auth/procore/login', '/callback']) {
      await browser.get(path).expect(404)
    }
    expect((await browser.get('/?x=/auth/procore/login')).text).toBe('home')
  })

  it('walks through the pages of Procore', async () => {
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    const jar = new Map<string, string>()
    const visit = async (url: string, form?: URLSearchParams): Promise<Response> => {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form && { method: 'POST', body: form }),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [name = '', value = ''] = pairOf(cookie).split('=')
        jar.set(name, value)
      }
      return response
    }
    const fields = async (page: Response): Promise<URLSearchParams> => {
      const html = (await page.text()).split('value="delete"')[0] ?? ''
      const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
      const text = (value = '') => value.replaceAll('&amp;', '&')
      return new URLSearchParams(
        Object.fromEntries(inputs.map(([, name, value]) => [text(name), text(value)])),
      )
    }
    const at = (path: string | null): string => new URL(path ?? '', app.procore.loginOrigin).href
    const asked = login.headers['location'] ?? ''
    const form = await fields(await visit(at((await visit(asked)).headers.get('location'))))
    form.set('email', 'ana@example.com')
    form.set('password', 'ana-password')
    await visit(at('/login'), form)
    const consent = await fields(await visit(asked))
    consent.delete('_method')
    const granted = await visit(at('/oauth/authorize'), consent)
    const callback = new URL(granted.headers.get('location') ?? '')
    await browser.get(callback.pathname + callback.search).expect(303)
    expect((await browser.get('/who')).body).toMatchObject({ user: { login: 'ana@example.com' } })
  })

  it('never shows a user to another of 50 who sign in and work at once', async () => {
    const users = ['jim@example.com', 'ana@example.com']
    const visits = Array.from({ length: 50 }, async (_, index) => {
      const user = users[index % 2] ?? ''
      const browser = app.browser()
      await app.signIn(browser, { user })
      const seen = await Promise.all([
        browser.get('/who').then(({ body }) => body.user.login),
        browser.get('/me').then(({ body }) => body.login),
        browser.get('/me').then(({ body }) => body.login),
      ])
      expect(seen).toEqual([user, user, user])
    })
    await Promise.all(visits)
    expect(app.errors).toEqual([])
  }, 30_000)
})

describe.each(VERSIONS)('sign-in with $name behind HTTPS', ({ express }) => {
  const redirectUri = 'https://app.example.com/auth/procore/callback'
  let app: App

  beforeEach(async () => {
    app = await startApp(express, { options: { redirectUri } })
  })
  afterEach(() => app.close())

  it('binds its cookies to the host and to HTTPS, whatever the request says', async () => {
    const login = await app.browser().get('/auth/procore/login').set('x-forwarded-proto', 'http')
    const [loginCookie] = cookiesOf(login)
    expect(loginCookie).toMatch(
      /^__Host-procore-login-\S+=\S+; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const path = await app.allow(login.headers['location'])
    const callback = await app.browser().get(path).set('cookie', pairOf(loginCookie)).expect(303)
    const [cleared, session] = cookiesOf(callback)
    expect(cleared).toMatch(
      /^__Host-\S+=; Max-Age=0; Path=\/; Expires=.* 1970 .*; HttpOnly; Secure; SameSite=Lax$/,
    )
    expect(session).toMatch(
      /^__Host-procore-session-\S+=\S+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const who = await app.browser().get('/who').set('cookie', pairOf(session))
    expect(who.body).toMatchObject({ isAuthenticated: true })
  })

  it('never takes an address from Host or X-Forwarded headers', async () => {
    const hostile = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': 'evil.example',
      'x-forwarded-prefix': '/evil',
      'x-original-url': '/evil',
      forwarded: 'host=evil.example;proto=http',
    }
    const login = await app.browser().get('/auth/procore/login?returnTo=/x').set(hostile)
    const asked = new URL(login.headers['location'] ?? '')
    expect(asked.origin).toBe(app.procore.loginOrigin)
    expect(asked.searchParams.get('redirect_uri')).toBe(redirectUri)
    const cookie = pairOf(cookiesOf(login)[0])
    const path = await app.allow(asked.href)
    const callback = await app.browser().get(path).set(hostile).set('cookie', cookie)
    expect([callback.status, callback.headers['location']]).toEqual([303, '/x'])
    const guarded = await app.browser().get('/guarded').set(hostile)
    expect(guarded.headers['location']).toBe('/auth/procore/login?returnTo=%2Fguarded')
    const failed = await app.browser().get('/auth/procore/callback').set(hostile)
    expect(failed.text).not.toContain('evil')
  })
})
