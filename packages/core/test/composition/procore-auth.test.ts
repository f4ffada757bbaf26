import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createProcoreAuth,
  MemoryTokenStore,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '../../src/index.js'
import { WebProcore } from '../support/web-procore.js'

let procore: WebProcore

beforeEach(async () => {
  procore = await WebProcore.start()
})
afterEach(() => procore.close())

const web: Partial<ProcoreAuthOptions> = {
  redirectUri: 'http://localhost:4567/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
}
const invalid = { code: 'ERR_PROCORE_ARGUMENT_INVALID' }

/** Calls a method as plain JavaScript may. */
function call(auth: ProcoreAuth, name: keyof ProcoreAuth, ...args: unknown[]): unknown {
  const method: unknown = auth[name]
  if (typeof method !== 'function') throw new TypeError(`no ${name}`)
  return method(...args)
}

describe('what createProcoreAuth returns', () => {
  it('is frozen', () => {
    expect(Object.isFrozen(createProcoreAuth(procore.options()))).toBe(true)
  })

  it.each([undefined, null, '', 42, {}, 'x'.repeat(256), '\ud800'])(
    'takes %j for no principal, and never for the only user',
    async (principal) => {
      const auth = await procore.signedIn()
      expect(() => call(auth, 'forUser', principal)).toThrow(expect.objectContaining(invalid))
      await expect(call(auth, 'status', principal)).rejects.toMatchObject(invalid)
      await expect(call(auth, 'disconnect', principal)).rejects.toMatchObject(invalid)
      expect(procore.seen).toEqual([])
    },
  )

  it('keeps users, and user and service account, apart', async () => {
    const auth = await procore.signedIn()
    await auth.installedApp({ principal: 'ann' }).complete('a-code-of-procore')
    procore.seen.length = 0
    await auth.forUser('jim').get('/rest/v1.0/me')
    await auth.forUser('ann').get('/rest/v1.0/me')
    await auth.forService().forCompany(1).get('/rest/v1.0/me')
    const bearers = procore.apiCalls.map(({ headers }) => headers.authorization)
    expect(new Set(bearers).size).toBe(3)
  })

  it.each(['JIM', 'jim ', 'jim:', 'jim%20', '../jim', 'installed-app', 'service-account'])(
    'does not take %j for jim',
    async (principal) => {
      const auth = await procore.signedIn()
      await expect(auth.forUser(principal).get('/rest/v1.0/me')).rejects.toMatchObject({
        code: 'ERR_PROCORE_NOT_CONNECTED',
      })
      expect(procore.seen).toEqual([])
    },
  )

  it('shares one store with another client id without seeing its grants', async () => {
    const tokenStore = new MemoryTokenStore()
    await procore.signedIn({ tokenStore })
    const other = createProcoreAuth(procore.options({ tokenStore, clientId: 'client-2' }))
    expect(await other.status('jim')).toEqual({ state: 'not-connected' })
  })

  it('asks for one token when a hundred first calls of the service account come at once', async () => {
    const client = createProcoreAuth(procore.options()).forService().forCompany(1)
    await Promise.all(Array.from({ length: 100 }, () => client.get('/rest/v1.0/companies')))
    expect(procore.tokenPosts('client_credentials')).toBe(1)
  })

  it('answers no route and has no paths without a redirect URI', () => {
    const auth = createProcoreAuth(procore.options())
    const request = {
      method: 'GET',
      url: '/auth/procore/login',
      header: () => undefined,
      raw: undefined,
    }
    expect([auth.paths, auth.handle(request)]).toEqual([undefined, undefined])
    expect(() => auth.guard(request)).toThrow(
      expect.objectContaining({ code: 'ERR_PROCORE_CONFIGURATION' }),
    )
  })

  it('closes its connections, after which calls fail and name it', async () => {
    const auth = await procore.signedIn()
    await auth.close()
    await expect(auth.forUser('jim').get('/rest/v1.0/me')).rejects.toMatchObject({
      code: 'ERR_PROCORE_API_UNREACHABLE',
    })
  })
})

describe('resolveProcoreAuth', () => {
  it('passes on what createProcoreAuth returned', () => {
    const auth = createProcoreAuth(procore.options(web))
    expect(resolveProcoreAuth(auth)).toBe(auth)
  })

  it('does not take a look-alike for what createProcoreAuth returned', () => {
    const copy = { ...createProcoreAuth(procore.options(web)) }
    expect(() => resolveProcoreAuth(copy)).toThrow(
      expect.objectContaining({ code: 'ERR_PROCORE_CONFIGURATION' }),
    )
  })

  it('demands what web sign-in needs', () => {
    expect(() => resolveProcoreAuth(procore.options())).toThrow(
      expect.objectContaining({
        faults: [
          expect.stringContaining('secret is missing'),
          expect.stringContaining('redirectUri is missing'),
        ],
      }),
    )
  })
})

describe('the addresses of the routes', () => {
  const paths = (more: Partial<ProcoreAuthOptions>): ProcoreAuth['paths'] =>
    createProcoreAuth(procore.options({ ...web, ...more })).paths

  it.each([
    ['the root', {}, '/auth/procore'],
    [
      'a prefix',
      { redirectUri: 'https://a.example/app/auth/procore/callback' },
      '/app/auth/procore',
    ],
    [
      'another base path',
      { basePath: '/sso/', redirectUri: 'https://a.example/sso/callback' },
      '/sso',
    ],
  ])('follow from the options alone: %s', (_, more, base) => {
    expect(paths(more)).toMatchObject({
      login: `${base}/login`,
      logout: `${base}/logout`,
      disconnect: `${base}/disconnect`,
    })
  })

  it('have the callback where the redirect URI is, wherever that is', () => {
    expect(paths({ redirectUri: 'https://a.example/back?tenant=1' })).toMatchObject({
      login: '/auth/procore/login',
      callback: '/back',
    })
  })
})
