import { requireProcore } from '@procore-auth/fetch'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Browser, cookieNames, ORIGIN, Site } from './support/site.js'

describe('a response', () => {
  let site: Site

  beforeEach(async () => {
    site = await Site.open()
  })
  afterEach(() => site.procore.close())

  it('keeps all it has when logout() adds a cookie', async () => {
    const serve = site.withProcore(async ({ procore }) => {
      await procore.logout()
      const headers = new Headers({ 'x-own': 'yes', 'content-type': 'text/own' })
      headers.append('set-cookie', 'one=1')
      headers.append('set-cookie', 'two=2')
      return new Response('own body', { status: 418, statusText: 'Teapot', headers })
    })
    const response = await (await site.signIn(serve)).send('/leave')
    expect([response.status, response.statusText]).toEqual([418, 'Teapot'])
    expect(response.headers.get('x-own')).toBe('yes')
    expect(response.headers.get('content-type')).toBe('text/own')
    expect(cookieNames(response)).toEqual(['one', 'two', 'procore-session'])
    expect(await response.text()).toBe('own body')
  })

  it('whose headers are immutable gets the cookie too', async () => {
    const serve = site.withProcore(async ({ procore }) => {
      await procore.logout()
      return Response.redirect(`${ORIGIN}/bye`, 303)
    })
    const response = await (await site.signIn(serve)).send('/leave')
    expect([response.status, response.headers.get('location')]).toEqual([303, `${ORIGIN}/bye`])
    expect(cookieNames(response)).toEqual(['procore-session'])
  })

  it('of login() wins over what the handler returns, and keeps the cookies of both', async () => {
    const serve = site.withProcore(async ({ procore, url }) => {
      await procore.logout()
      procore.login({ returnTo: '/there' })
      const headers = { 'set-cookie': 'own=1', 'x-own': 'yes' }
      return url.endsWith('/nothing') ? undefined : new Response('own', { headers })
    })
    for (const [path, own] of [
      ['/own', ['own']],
      ['/nothing', []],
    ] as const) {
      const browser = await site.signIn(serve)
      const response = await browser.send(path)
      expect([response.status, response.headers.get('x-own'), await response.text()]).toEqual([
        302,
        null,
        '',
      ])
      expect(cookieNames(response)).toEqual(['procore-login', 'procore-session', ...own])
      const end = await browser.send(await site.allow(response))
      expect(end.headers.get('location')).toBe('/there')
    }
  })

  it('to HEAD has no body', async () => {
    const serve = site.withProcore(requireProcore(() => new Response('never')))
    const browser = new Browser(serve)
    const guarded = await browser.send('/guarded', { method: 'HEAD' })
    expect([guarded.status, guarded.body]).toEqual([401, null])
    const login = await browser.send('/auth/procore/login', { method: 'HEAD' })
    expect([login.status, login.body]).toEqual([204, null])
  })

  it('sets each cookie in a header of its own', async () => {
    const serve = site.withProcore(() => new Response())
    const browser = new Browser(serve)
    const path = await site.allow(await browser.send('/auth/procore/login'))
    const callback = await browser.send(path)
    expect(cookieNames(callback)).toEqual(['procore-login', 'procore-session'])
  })
})

describe('a request', () => {
  let site: Site

  beforeEach(async () => {
    site = await Site.open()
  })
  afterEach(() => site.procore.close())

  it.each([
    'http://evil.example',
    'https://evil.example:8443',
    'http://[::1]:1',
    'http://a@b.example',
  ])('never lends its origin: %s', async (origin) => {
    const serve = site.withProcore(requireProcore(() => new Response()))
    const ask = (path: string): Promise<Response> => {
      const request = new Request(new URL(path, origin.replace('a@', '')), {
        headers: { accept: 'text/html' },
      })
      return serve(Object.defineProperty(request, 'url', { value: origin + path }))
    }
    const guarded = await ask('/guarded?a=1')
    expect(guarded.headers.get('location')).toBe('/auth/procore/login?returnTo=%2Fguarded%3Fa%3D1')
    const login = await ask('/auth/procore/login')
    const asked = new URL(login.headers.get('location') ?? '')
    expect(asked.origin).toBe(site.procore.loginOrigin)
    expect(asked.searchParams.get('redirect_uri')).toBe(`${ORIGIN}/auth/procore/callback`)
    const failed = await ask('/auth/procore/callback')
    expect(await failed.text()).not.toMatch(/evil|b\.example/)
  })

  it('reaches the handler with the other arguments of the framework', async () => {
    const serve = site.withProcore((_request, ...rest: readonly [string, number]) =>
      Response.json(rest),
    )
    const response = await serve(new Request(ORIGIN), 'env', 7)
    expect(await response.json()).toEqual(['env', 7])
  })

  it('may be a proxy, as some frameworks have it', async () => {
    const serve = site.withProcore(requireProcore(({ procore }) => Response.json(procore.user)))
    const { cookie } = await site.signIn(serve)
    const request = new Request(`${ORIGIN}/who`, { headers: { cookie } })
    const proxy = new Proxy(request, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    expect(await (await serve(proxy)).json()).toMatchObject({ login: 'jim@example.com' })
  })

  it('may be wrapped twice, by two Procores', async () => {
    const other = await Site.open({ redirectUri: `${ORIGIN}/two/auth/procore/callback` })
    const serve = site.withProcore(
      other.withProcore(requireProcore(({ procore }) => Response.json(procore.user))),
    )
    const browser = await site.signIn(serve)
    const guarded = await browser.send('/who')
    expect(guarded.headers.get('location')).toMatch(/^\/two\/auth\/procore\/login\?/)
    await other.procore.close()
  })
})
