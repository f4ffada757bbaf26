import { ConfigurationError, MemoryTokenStore, type TokenStore } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/fetch'
import { describe, expect, it } from 'vitest'
import { Browser, ORIGIN, Site } from './support/site.js'

class UnreachableStore extends MemoryTokenStore {
  override async acquireLease(): ReturnType<TokenStore['acquireLease']> {
    throw new Error('connection to store lost: canary0-row')
  }
}

describe('procoreAuth()', () => {
  it('names every fault at once', () => {
    const start = (): unknown =>
      procoreAuth({ environment: 'sandbox', clientId: 'client-1', clientSecret: '' })
    expect(start).toThrow(ConfigurationError)
    for (const option of ['clientSecret', 'redirectUri', 'secret']) {
      expect(start).toThrow(new RegExp(`- ${option} is missing`))
    }
  })

  it('takes the variables when it is given nothing', () => {
    const before = { ...process.env }
    try {
      Object.assign(process.env, {
        PROCORE_ENVIRONMENT: 'sandbox',
        PROCORE_CLIENT_ID: 'client-1',
        PROCORE_CLIENT_SECRET: 'secret-1',
        PROCORE_REDIRECT_URI: `${ORIGIN}/auth/procore/callback`,
      })
      expect(() => procoreAuth()).toThrow(/- secret is missing/)
      process.env['PROCORE_AUTH_SECRET'] = 'an own secret of 32 characters or more'
      expect(procoreAuth()).toBeTypeOf('function')
    } finally {
      process.env = before
    }
  })
})

describe('errors', () => {
  it('of the store reject to the caller', async () => {
    const site = await Site.open({ tokenStore: new UnreachableStore() })
    const browser = new Browser(site.withProcore(() => new Response()))
    const path = await site.allow(await browser.send('/auth/procore/login'))
    await expect(browser.send(path)).rejects.toMatchObject({
      code: 'ERR_PROCORE_STORE_UNAVAILABLE',
      status: 503,
    })
    await site.procore.close()
  })

  it('of a handler reject as they are, thrown at once or later', async () => {
    const site = await Site.open()
    const error = new Error('own')
    const throws = (): never => {
      throw error
    }
    await expect(site.withProcore(throws)(new Request(ORIGIN))).rejects.toBe(error)
    await expect(site.withProcore(async () => throws())(new Request(ORIGIN))).rejects.toBe(error)
    const forgot = site.withProcore(({ procore }) => Response.json(typeof procore.client))
    await expect(forgot(new Request(ORIGIN))).rejects.toMatchObject({
      code: 'ERR_PROCORE_NOT_AUTHENTICATED',
    })
    await site.procore.close()
  })

  it('tell of a login() that comes when the handler has failed', async () => {
    const site = await Site.open()
    const late: (() => void)[] = []
    const serve = site.withProcore(({ procore }) => {
      late.push(() => procore.login())
      throw new Error('own')
    })
    await expect(serve(new Request(ORIGIN))).rejects.toThrow('own')
    const code = 'ERR_PROCORE_HEADERS_SENT'
    expect(late).toHaveLength(1)
    for (const login of late) expect(login).toThrow(expect.objectContaining({ code }))
    await site.procore.close()
  })

  it('tell of a handler that returns nothing', async () => {
    const site = await Site.open()
    const serve = site.withProcore(() => undefined)
    await expect(serve(new Request(ORIGIN))).rejects.toThrow(/returned no Response/)
    await site.procore.close()
  })

  it('of requireProcore() without its wrapper say what to do', async () => {
    const guarded = requireProcore(() => new Response())
    await expect(guarded(new Request(ORIGIN))).rejects.toBeInstanceOf(ConfigurationError)
    await expect(guarded(new Request(ORIGIN))).rejects.toThrow(/procoreAuth\(\)/)
  })
})
