import { procoreAuth } from '@procore-auth/koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, type Browser, startApp, VERSIONS } from './support/app.js'

describe.each(VERSIONS)('a signed-in request with $name', ({ Koa }) => {
  let app: App
  let browser: Browser
  let read: string[]

  beforeEach(async () => {
    read = []
    app = await startApp(Koa, (koa, auth) => {
      koa.use((ctx, next) => {
        const noted = new Proxy(ctx.req.headers, {
          get: (target, name) => {
            read.push(String(name))
            return Reflect.get(target, name)
          },
        })
        Object.defineProperty(ctx.req, 'headers', { value: noted })
        return next()
      })
      koa.use(procoreAuth(auth))
      koa.use((ctx) => {
        ctx.body = ctx.path === '/public' ? 'public' : { user: ctx.procore.user }
      })
    })
    browser = app.browser()
    await app.signIn(browser)
    app.procore.ledger.clear()
    read = []
  })
  afterEach(() => app.close())

  it('reads no header and asks nobody as long as nothing touches ctx.procore', async () => {
    await browser.get('/public').expect(200)
    expect(read).toEqual([])
    expect(app.procore.ledger.count()).toBe(0)
  })

  it('reads the cookie once, and asks nobody, when something does', async () => {
    const who = await browser.get('/who').expect(200)
    expect(who.body).toMatchObject({ user: { login: 'jim@example.com' } })
    expect(read).toEqual(['cookie'])
    expect(app.procore.ledger.count()).toBe(0)
  })
})
