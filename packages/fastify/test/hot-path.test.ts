import { procoreAuth } from '@procore-auth/fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, type Browser, startApp } from './support/app.js'

describe('a signed-in request', () => {
  let app: App
  let browser: Browser
  let read: string[]

  beforeEach(async () => {
    read = []
    app = await startApp(async (fastify, auth) => {
      await fastify.register(procoreAuth, { auth })
      fastify.get('/public', async () => 'public')
      fastify.get('/who', async ({ procore }) => ({ user: procore.user }))
      fastify.addHook('onRequest', async ({ raw }) => {
        const noted = new Proxy(raw.headers, {
          get: (target, name) => {
            read.push(String(name))
            return Reflect.get(target, name)
          },
        })
        Object.defineProperty(raw, 'headers', { value: noted })
      })
    })
    browser = app.browser()
    await app.signIn(browser)
    app.procore.ledger.clear()
    read = []
  })
  afterEach(() => app.close())

  it('reads no cookie and asks nobody as long as nothing touches request.procore', async () => {
    await browser.get('/public').expect(200)
    expect(read).not.toContain('cookie')
    expect(app.procore.ledger.count()).toBe(0)
  })

  it('reads the cookie once, and asks nobody, when something does', async () => {
    const who = await browser.get('/who').expect(200)
    expect(who.body).toMatchObject({ user: { login: 'jim@example.com' } })
    expect(read.filter((name) => name === 'cookie')).toEqual(['cookie'])
    expect(app.procore.ledger.count()).toBe(0)
  })
})
