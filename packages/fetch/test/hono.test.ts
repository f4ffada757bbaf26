import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import type { ProcoreContext } from '@procore-auth/core'
import { requireProcore } from '@procore-auth/fetch'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { describe, expect, it } from 'vitest'
import { Browser, cookieNames, Site } from './support/site.js'

interface Env {
  Variables: { procore: ProcoreContext; request: Request }
}

/** The application of the README, with cookies of its own. */
function appWith({ withProcore }: Site): Hono<Env> {
  const procore = createMiddleware<Env>(async (c, next) => {
    const serve = withProcore(async (request) => {
      c.set('procore', request.procore)
      // Others, such as bodyLimit(), put a new one in place of c.req.raw.
      c.set('request', request)
      await next()
      return c.res
    })
    const response = await serve(c.req.raw)
    if (!c.finalized) return c.newResponse(response.body, response)
    c.res = undefined
    c.res = response
  })
  const signedIn = createMiddleware<Env>((c, next) => requireProcore(next)(c.var.request))
  const me = requireProcore(async (request) =>
    Response.json(await request.procore.client.get('/rest/v1.0/me')),
  )
  return new Hono<Env>()
    .use(async (c, next) => {
      setCookie(c, 'before', '1')
      await next()
      setCookie(c, 'after', '1')
    })
    .use(procore)
    .get('/me', (c) => me(c.req.raw))
    .post('/upload', bodyLimit({ maxSize: 100 }), signedIn, async (c) => c.text(await c.req.text()))
    .post('/leave', async (c) => {
      await c.var.procore.logout()
      setCookie(c, 'handler', '1')
      return c.json(c.var.procore.isAuthenticated)
    })
    .get('/enter', (c) => {
      c.var.procore.login({ returnTo: '/there' })
      return c.body(null)
    })
}

describe('as a middleware of Hono', () => {
  it('signs in, and keeps the cookies of others', async () => {
    const site = await Site.open()
    const app = appWith(site)
    const browser = new Browser(async (request) => app.fetch(request))
    const guarded = await browser.send('/me')
    expect(guarded.headers.get('location')).toBe('/auth/procore/login?returnTo=%2Fme')
    const login = await browser.send('/auth/procore/login?returnTo=/me')
    expect(cookieNames(login)).toEqual(['before', 'procore-login', 'after'])
    const callback = await browser.send(await site.allow(login))
    expect(callback.headers.get('location')).toBe('/me')
    expect(await (await browser.send('/me')).json()).toMatchObject({ login: 'jim@example.com' })
    const leave = await browser.send('/leave', { method: 'POST' })
    expect(await leave.json()).toBe(false)
    expect(cookieNames(leave)).toEqual(['before', 'handler', 'procore-session', 'after'])
    const enter = await browser.send('/enter')
    expect(enter.status).toBe(302)
    expect(cookieNames(enter)).toEqual(['procore-login', 'before', 'after'])
    await site.procore.close()
  })

  it('guards a request that another middleware has put in place of the first', async () => {
    const site = await Site.open()
    const app = appWith(site)
    const browser = new Browser(async (request) => app.fetch(request))
    const upload = () => {
      const body = ReadableStream.from([new TextEncoder().encode('a file')])
      return browser.send('/upload', { method: 'POST', body, duplex: 'half' })
    }
    expect((await upload()).status).toBe(401)
    await browser.send(await site.allow(await browser.send('/auth/procore/login')))
    expect(await (await upload()).text()).toBe('a file')
    await site.procore.close()
  })

  it('around the whole application, sees requests of a server of Node', async () => {
    const site = await Site.open()
    const me = requireProcore(async (request) => Response.json(request.procore.user))
    const app = new Hono().get('/me', (c) => me(c.req.raw))
    const server = createAdaptorServer({ fetch: site.withProcore(app.fetch) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const browser = new Browser((request) => {
      const { pathname, search } = new URL(request.url)
      const { method, headers } = request
      return fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
        method,
        headers,
        redirect: 'manual',
      })
    })
    await browser.send(await site.allow(await browser.send('/auth/procore/login')))
    expect(await (await browser.send('/me')).json()).toMatchObject({ login: 'jim@example.com' })
    server.close()
    await site.procore.close()
  })
})
