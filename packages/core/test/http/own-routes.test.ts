import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AuthRequest,
  ConfigurationError,
  createProcoreAuth,
  type OwnRoutes,
  type ProcoreAuth,
  resolveProcoreAuth,
} from '../../src/index.js'
import { codeOf } from '../support/core-rejection.js'
import { CLIENT_SECRET, WebProcore } from '../support/web-procore.js'

const CALLBACK = 'https://app.example.com/auth/procore/callback'
const SECRET = 'an own secret of 32 characters and more'

let procore: WebProcore
let auth: ProcoreAuth
let routes: OwnRoutes<string>

beforeEach(async () => {
  procore = await WebProcore.start()
  auth = createProcoreAuth(optionsOf(procore))
  routes = auth.ownRoutes<string>({ principal: () => undefined })
})

afterEach(async () => {
  await auth.close()
  await procore.close()
})

function optionsOf({ environment }: WebProcore) {
  return { environment, clientId: 'client-1', clientSecret: CLIENT_SECRET, secret: SECRET }
}

function request(url: string, cookies: readonly string[] = []): AuthRequest {
  const cookie = cookies.map((one) => one.split(';')[0]).join('; ')
  const headers: Readonly<Record<string, string>> = { cookie, accept: 'text/html' }
  return { method: 'GET', url, header: (name) => headers[name], raw: undefined }
}

function startLogin(payload: unknown = undefined, redirectUri: string = CALLBACK) {
  return routes.startLogin(request('/login?returnTo=/there'), { redirectUri, payload })
}

describe('own routes', () => {
  test('need a secret, and a login path that is one', () => {
    const { secret: _, ...open } = optionsOf(procore)
    const without = createProcoreAuth(open)
    expect(() => without.ownRoutes({ principal: () => undefined })).toThrow(ConfigurationError)
    for (const loginPath of ['login', '//evil', '/a?b', 'https://evil.example/']) {
      expect(() => auth.ownRoutes({ principal: () => undefined, loginPath })).toThrow('loginPath')
    }
  })

  test('need no redirect URI, while those of the core do', () => {
    const { secret: _, ...open } = optionsOf(procore)
    expect(() => resolveProcoreAuth(optionsOf(procore))).toThrow('redirectUri')
    expect(() => resolveProcoreAuth(auth)).toThrow('redirectUri')
    expect(() => resolveProcoreAuth(open, 'own-routes')).toThrow('secret')
    expect(resolveProcoreAuth(auth, 'own-routes')).toBe(auth)
    expect(resolveProcoreAuth(optionsOf(procore), 'own-routes').paths).toBeUndefined()
  })

  test('have their login below basePath, with the prefix of a redirect URI', () => {
    expect(loginPathOf({ basePath: '/in' })).toBe('/in/login')
    const redirectUri = 'https://app.example.com/app/auth/procore/callback'
    expect(loginPathOf({ redirectUri })).toBe('/app/auth/procore/login')
  })

  function loginPathOf(options: object): string | undefined {
    const other = createProcoreAuth({ ...optionsOf(procore), ...options })
    const context = other.ownRoutes({ principal: () => undefined })
    let location: unknown
    context
      .context(request('/x'), {
        addCookies: () => undefined,
        isSent: () => false,
        send: ({ headers }) => {
          location = headers['location']
        },
      })
      .login()
    return String(location)
  }

  test('bring back what a login took along', async () => {
    const { state, cookies } = startLogin({ a: [1] })
    expect(cookies[0]).toMatch(/^__Host-/)
    const login = await routes.openLogin(request(`/cb?code=x&state=${state}`, cookies), CALLBACK)
    expect(login).toMatchObject({ payload: { a: [1] }, returnTo: '/there' })
  })

  test('do a work once, and after a minute find the login used', async () => {
    const { state, cookies } = startLogin()
    const hit = request(`/cb?code=x&state=${state}`, cookies)
    let works = 0
    const work = async (): Promise<string> => `done ${++works}`
    const [first, second] = await Promise.all([
      routes.openLogin(hit, CALLBACK),
      routes.openLogin(hit, CALLBACK),
    ])
    expect(await Promise.all([first.complete(work), second.complete(work)])).toEqual([
      'done 1',
      'done 1',
    ])
    const sibling = auth.ownRoutes<string>({ principal: () => undefined })
    const third = await sibling.openLogin(hit, CALLBACK)
    expect(await codeOf(third.complete(work))).toBe('ERR_PROCORE_STATE_USED')
  })

  test('forget a work that failed, whose login is used up all the same', async () => {
    const { state, cookies } = startLogin()
    const login = await routes.openLogin(request(`/cb?code=x&state=${state}`, cookies), CALLBACK)
    const failure = new Error('no')
    await expect(login.complete(() => Promise.reject(failure))).rejects.toBe(failure)
    expect(await codeOf(login.complete(async () => 'again'))).toBe('ERR_PROCORE_STATE_USED')
  })

  test('do not end a login of another callback, nor one of the routes of the core', async () => {
    const { state, cookies } = startLogin()
    const hit = request(`/cb?code=x&state=${state}`, cookies)
    const other = routes.openLogin(hit, 'https://app.example.com/other')
    expect(await codeOf(other)).toBe('ERR_PROCORE_STATE_MISMATCH')
    const both = createProcoreAuth({ ...optionsOf(procore), redirectUri: CALLBACK })
    const login = await both.handle(request('/auth/procore/login'))
    const ofCore = new URL(String(login?.headers['location'])).searchParams.get('state')
    const set = [login?.headers['set-cookie'] ?? []].flat()
    const mixed = both
      .ownRoutes({ principal: () => undefined })
      .openLogin(request(`/cb?code=x&state=${ofCore}`, set), CALLBACK)
    expect(await codeOf(mixed)).toBe('ERR_PROCORE_STATE_MISMATCH')
    const ended = await both.handle(
      request(`/auth/procore/callback?code=x&state=${state}`, cookies),
    )
    expect(ended?.status).toBe(403)
    expect(procore.seen).toEqual([])
  })

  test('do not take a cookie that was set without HTTPS', async () => {
    const { state, cookies } = startLogin(undefined, 'http://localhost/auth/procore/callback')
    const hit = request(`/cb?code=x&state=${state}`, cookies)
    expect(await codeOf(routes.openLogin(hit, CALLBACK))).toBe('ERR_PROCORE_STATE_MISMATCH')
  })
})

describe('an exchange', () => {
  const exchange = () =>
    routes.exchange({
      code: 'code-1',
      redirectUri: CALLBACK,
      parameters: { code_verifier: 'verifier-1', code: 'other', redirect_uri: 'other' },
      request: request('/cb'),
    })

  test('sends what else it is given, and not in place of code and redirect URI', async () => {
    await exchange()
    const [post] = procore.seen.filter(({ url }) => url === '/oauth/token')
    expect(Object.fromEntries(new URLSearchParams(post?.body))).toMatchObject({
      code: 'code-1',
      redirect_uri: CALLBACK,
      code_verifier: 'verifier-1',
    })
  })

  test('reads the user once and stores nothing before it is kept', async () => {
    const signIn = await exchange()
    await signIn.user()
    expect(await auth.status('ann')).toEqual({ state: 'not-connected' })
    await signIn.keep('ann')
    expect(await auth.status('ann')).toMatchObject({ state: 'connected' })
    expect(procore.apiCalls).toHaveLength(1)
  })

  test('is revoked once, whoever discards it', async () => {
    const signIn = await exchange()
    expect(await codeOf(signIn.keep(''))).toBe('ERR_PROCORE_ARGUMENT_INVALID')
    await signIn.discard()
    await signIn.refuse()
    expect(procore.seen.filter(({ url }) => url === '/oauth/revoke')).toHaveLength(1)
  })
})
