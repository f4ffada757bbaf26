import { procoreAuth, requireProcore } from '@procore-auth/koa'
import type Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { cookieNames, startApp, VERSIONS } from './support/app.js'

describe.each(VERSIONS)('an answer with $name', ({ Koa: KoaClass }) => {
  it('goes through Koa: middleware before it sees it and may add to it', async () => {
    const seen: unknown[] = []
    const watches: Koa.Middleware = async (ctx, next) => {
      await next()
      seen.push([ctx.path, ctx.status, ctx.res.headersSent])
      ctx.set('x-watched', 'yes')
    }
    const app = await startApp(KoaClass, (koa, auth) => {
      koa.use(watches).use(procoreAuth(auth)).use(requireProcore())
    })
    const browser = app.browser()
    await browser.get('/auth/procore/login').expect(302).expect('x-watched', 'yes')
    await browser.get('/auth/procore/callback').expect(403).expect('x-watched', 'yes')
    await browser.options('/auth/procore/logout').expect(204).expect('x-watched', 'yes')
    await browser.get('/page').expect(302).expect('x-watched', 'yes')
    expect(seen).toEqual([
      ['/auth/procore/login', 302, false],
      ['/auth/procore/callback', 403, false],
      ['/auth/procore/logout', 204, false],
      ['/page', 302, false],
    ])
    await app.close()
  })

  it('is empty where core has no body, also when JSON is what the application usually sends', async () => {
    const app = await startApp(KoaClass, (koa, auth) => {
      koa.use((ctx, next) => {
        ctx.type = 'application/json'
        return next()
      })
      koa.use(procoreAuth(auth))
    })
    const login = await app.browser().get('/auth/procore/login').expect(302)
    expect(login.text).toBe('')
    expect(login.headers).toMatchObject({ 'content-length': '0', 'cache-control': 'no-store' })
    expect(login.headers).not.toHaveProperty('content-type')
    const page = await app.browser().get('/auth/procore/callback').expect(403)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    await app.close()
  })

  it('keeps the cookies that others set, before and after', async () => {
    const setsCookies: Koa.Middleware = async (ctx, next) => {
      ctx.cookies.set('before', '1')
      ctx.append('set-cookie', 'appended=1')
      await next()
      ctx.cookies.set('after', '1')
    }
    const app = await startApp(KoaClass, (koa, auth) => {
      koa.use(setsCookies).use(procoreAuth(auth))
      koa.use(async (ctx) => {
        await ctx.procore.logout()
        ctx.body = { isAuthenticated: ctx.procore.isAuthenticated }
      })
    })
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    expect(cookieNames(login)).toEqual(['before', 'appended', 'procore-login', 'after'])
    await app.signIn(browser)
    const logout = await browser.post('/leave').expect(200, { isAuthenticated: false })
    expect(cookieNames(logout)).toEqual(['before', 'appended', 'procore-session', 'after'])
    await app.close()
  })

  it('of ctx.procore.login() stands when the handler returns, for all that comes after', async () => {
    const statuses: unknown[] = []
    const app = await startApp(KoaClass, (koa, auth) => {
      koa.use(async (ctx, next) => {
        await next()
        statuses.push([ctx.status, ctx.body])
      })
      koa.use(procoreAuth(auth)).use((ctx) => ctx.procore.login({ returnTo: '/there' }))
    })
    const browser = app.browser()
    const answer = await browser.get('/enter').expect(302)
    expect(new URL(answer.headers['location'] ?? '').origin).toBe(app.procore.loginOrigin)
    expect(statuses).toEqual([[302, '']])
    expect(await app.signIn(browser, '/enter')).toBe('/there')
    await app.close()
  })
})
