import { ConfigurationError, MemoryTokenStore, type TokenStore } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/koa'
import type Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { REDIRECT_URI, startApp, VERSIONS } from './support/app.js'

class UnreachableStore extends MemoryTokenStore {
  override async acquireLease(): ReturnType<TokenStore['acquireLease']> {
    throw new Error('connection to store lost: canary0-row')
  }
}

const STORE_ERROR = { code: 'ERR_PROCORE_STORE_UNAVAILABLE', status: 503 }
const tokenStore = new UnreachableStore()

describe('procoreAuth()', () => {
  it('names every fault at once, before the application starts', () => {
    const start = (): unknown =>
      procoreAuth({ environment: 'sandbox', clientId: 'client-1', clientSecret: '' })
    expect(start).toThrow(ConfigurationError)
    for (const option of ['clientSecret', 'redirectUri', 'secret']) {
      expect(start).toThrow(new RegExp(`- ${option} is missing`))
    }
  })

  it('needs what createProcoreAuth returned to have a redirect URI', async () => {
    const { createProcoreAuth } = await import('@procore-auth/core')
    const options = { environment: 'sandbox', clientId: 'client-1', clientSecret: 'secret-1' }
    expect(() => procoreAuth(createProcoreAuth(options))).toThrow(/redirectUri/)
  })

  it('takes the variables when it is given nothing', () => {
    const before = { ...process.env }
    const variables = {
      PROCORE_ENVIRONMENT: 'sandbox',
      PROCORE_CLIENT_ID: 'client-1',
      PROCORE_CLIENT_SECRET: 'secret-1',
      PROCORE_REDIRECT_URI: REDIRECT_URI,
    }
    try {
      Object.assign(process.env, variables)
      expect(() => procoreAuth()).toThrow(/- secret is missing/)
      process.env['PROCORE_AUTH_SECRET'] = 'an own secret of 32 characters or more'
      expect(procoreAuth()).toBeTypeOf('function')
    } finally {
      process.env = before
    }
  })
})

describe.each(VERSIONS)('errors with $name', ({ Koa: KoaClass }) => {
  it("reach app.on('error') once, and Koa answers with their status and without their text", async () => {
    const app = await startApp(KoaClass, (koa, auth) => void koa.use(procoreAuth(auth)), {
      tokenStore,
    })
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login')
    const asked = new URL(login.headers['location'] ?? '').searchParams
    const back = await app.procore.authorize({ state: asked.get('state') ?? '' })
    const answer = await browser.get(back.slice(new URL(back).origin.length)).expect(503)
    expect(answer.text).toBe('Service Unavailable')
    expect(app.errors).toEqual([expect.objectContaining(STORE_ERROR)])
    await app.close()
  })

  it('of a handler pass through untouched, from ctx.throw and from ctx.procore', async () => {
    const app = await startApp(KoaClass, (koa, auth) => {
      koa.use(procoreAuth(auth)).use((ctx) => {
        if (ctx.path === '/conflict') ctx.throw(409, 'taken')
        ctx.body = typeof ctx.procore.client
      })
    })
    const thrown = await app.browser().get('/conflict').expect(409)
    expect(thrown.text).toBe('taken')
    await app.browser().get('/forgot').expect(401, 'Unauthorized')
    expect(app.errors).toEqual([
      expect.objectContaining({ status: 409, expose: true }),
      expect.objectContaining({ code: 'ERR_PROCORE_NOT_AUTHENTICATED', status: 401 }),
    ])
    await app.close()
  })

  it("can be caught and answered by the application's own middleware", async () => {
    const answersErrors: Koa.Middleware = async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        ctx.status = 418
        ctx.body = Object(error).code
      }
    }
    const app = await startApp(KoaClass, (koa) => {
      koa.use(answersErrors).use(requireProcore())
    })
    await app.browser().get('/').expect(418, 'ERR_PROCORE_CONFIGURATION')
    expect(app.errors).toEqual([])
    await app.close()
  })

  it('of requireProcore() without procoreAuth() say what to do', async () => {
    const app = await startApp(KoaClass, (koa) => void koa.use(requireProcore()))
    await app.browser().get('/').expect(500, 'Internal Server Error')
    expect(app.errors).toEqual([
      expect.objectContaining({ faults: [expect.stringContaining('app.use(procoreAuth())')] }),
    ])
    await app.close()
  })
})
