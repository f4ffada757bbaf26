import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, type Browser, startApp, VERSIONS } from './support/app.js'

describe.each(VERSIONS)('a signed-in request with $name', ({ express }) => {
  let app: App
  let browser: Browser
  let read: string[]

  beforeEach(async () => {
    read = []
    app = await startApp(express, {
      before: (routes) => {
        routes.use((req, _res, next) => {
          const { headers } = req
          const noted = new Proxy(headers, {
            get: (target, name) => {
              read.push(String(name))
              return Reflect.get(target, name)
            },
          })
          Object.defineProperty(req, 'headers', { value: noted })
          next()
        })
      },
    })
    browser = app.browser()
    await app.signIn(browser)
    app.procore.ledger.clear()
    read = []
  })
  afterEach(() => app.close())

  it('reads no cookie and asks nobody as long as nothing touches req.procore', async () => {
    await browser.get('/public').expect(200)
    expect(read).not.toContain('cookie')
    expect(app.procore.ledger.count()).toBe(0)
  })

  it('reads the cookie once, and asks nobody, when something does', async () => {
    expect((await browser.get('/who')).body.isAuthenticated).toBe(true)
    expect(read.filter((name) => name === 'cookie')).toEqual(['cookie'])
    expect(app.procore.ledger.count()).toBe(0)
  })
})
