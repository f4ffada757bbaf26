import Router from '@koa/router'
import { procoreAuth, requireProcore } from '@procore-auth/koa'
import mount from 'koa-mount'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, type KoaClass, startApp, VERSIONS } from './support/app.js'

const LOGIN = '/app/auth/procore/login?returnTo=%2Fapp%2Fguarded%3Fa%3D1'
const redirectUri = 'http://localhost:4567/app/auth/procore/callback'

const guarded = (prefix = ''): Router => {
  const router = new Router({ prefix })
  return router.get('/guarded', requireProcore(), (ctx) => {
    ctx.body = { login: ctx.procore.user?.login, path: ctx.path }
  })
}

const WAYS = [
  {
    way: 'in an application that koa-mount holds',
    path: '/guarded',
    start: (Koa: KoaClass) =>
      startApp(
        Koa,
        (app, auth) => {
          const inner = new Koa().use(procoreAuth(auth)).use(guarded().routes())
          app.use(mount('/app', inner))
        },
        { redirectUri },
      ),
  },
  {
    way: 'with koa-mount by itself, before a router with a prefix',
    path: '/app/guarded',
    start: (Koa: KoaClass) =>
      startApp(
        Koa,
        (app, auth) => {
          app.use(mount('/app', procoreAuth(auth)))
          app.use(guarded('/app').routes())
        },
        { redirectUri },
      ),
  },
  {
    way: 'in the application, before a router with a prefix',
    path: '/app/guarded',
    start: (Koa: KoaClass) =>
      startApp(
        Koa,
        (app, auth) => {
          app.use(procoreAuth(auth)).use(guarded('/app').routes())
        },
        { redirectUri },
      ),
  },
  {
    way: 'in a route of @koa/router that takes its paths',
    path: '/app/guarded',
    start: (Koa: KoaClass) =>
      startApp(
        Koa,
        (app, auth) => {
          const router = new Router({ prefix: '/app' })
          router.all('/{*path}', procoreAuth(auth))
          app.use(router.routes()).use(guarded('/app').routes())
        },
        { redirectUri },
      ),
  },
]

const CASES = VERSIONS.flatMap((version) => WAYS.map((way) => ({ ...version, ...way })))

describe.each(CASES)('procoreAuth with $name $way', ({ Koa, path, start }) => {
  let app: App

  beforeEach(async () => {
    app = await start(Koa)
  })
  afterEach(() => app.close())

  it('signs in under /app, comes back under /app, and leaves ctx.path as it was', async () => {
    const browser = app.browser()
    await browser.get('/app/guarded?a=1').expect(302).expect('location', LOGIN)
    expect(await app.signIn(browser, LOGIN)).toBe('/app/guarded?a=1')
    const { body } = await browser.get('/app/guarded?a=1').expect(200)
    expect(body).toEqual({ login: 'jim@example.com', path })
    expect(app.errors).toEqual([])
  })

  it('shows errors with a way to login under /app', async () => {
    const failed = await app.browser().get('/app/auth/procore/callback').expect(403)
    expect(failed.text).toContain('href="/app/auth/procore/login"')
  })
})

describe.each(VERSIONS)('the request with $name', ({ Koa }) => {
  it('carries one procore, on the context and on the request of Node', async () => {
    const app = await startApp(Koa, (koa, auth) => {
      koa.use(procoreAuth(auth)).use((ctx) => {
        const { procore } = ctx
        const ofNode: unknown = Reflect.get(ctx.req, 'procore')
        ctx.body = { same: ofNode === procore && ctx.procore === procore }
      })
    })
    expect((await app.browser().get('/')).body).toEqual({ same: true })
    await app.close()
  })

  it('carries none where procoreAuth is not', async () => {
    const app = await startApp(Koa, (koa, auth) => {
      koa.use(mount('/app', procoreAuth(auth))).use((ctx) => {
        ctx.body = { on: ['procore' in ctx, 'procore' in ctx.req] }
      })
    })
    expect((await app.browser().get('/other')).body).toEqual({ on: [false, false] })
    await app.close()
  })
})
