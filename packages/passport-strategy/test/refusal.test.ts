import { inspect } from 'node:util'
import { MemoryTokenStore, ProcoreAuthError } from '@procore-auth/core'
import {
  AuthorizationError,
  InternalOAuthError,
  TokenError,
  type Verify,
} from '@procore-auth/passport-strategy'
import { afterEach, describe, expect, it } from 'vitest'
import { type App, type AppSetup, closeApps, startApp, strategyOf } from './support/app.js'

afterEach(closeApps)

const verified = (verify: Verify): AppSetup => ({
  createStrategy: (options) => strategyOf(options, verify),
})

async function signIn(app: App): Promise<number> {
  const browser = app.browser()
  const callback = await browser.get(await app.authorize(browser))
  const who = await browser.get('/who')
  expect(who.json()).toEqual({ isAuthenticated: false })
  return callback.status
}

async function isForgotten(app: App): Promise<boolean> {
  const [jim] = app.procore.users
  const { state } = await app.strategy.auth.status(jim?.id ?? '')
  const revoked = app.procore.ledger.count({ path: '/oauth/revoke', status: 200 })
  return state === 'not-connected' && revoked === 1
}

describe('a user whom verify', () => {
  it('refuses is not signed in, and the tokens are revoked', async () => {
    const codes: string[] = []
    const app = await startApp(
      verified((_access, _refresh, _profile, done) => done(null, false, { message: 'unknown' })),
    )
    app.strategy.auth.on('sign-in-failed', ({ error }) => {
      codes.push(error.code)
    })
    expect(await signIn(app)).toBe(401)
    expect(await isForgotten(app)).toBe(true)
    expect(codes).toEqual(['ERR_PROCORE_SIGN_IN_REFUSED'])
    expect(app.errors).toEqual([])
  })

  it('ends with an error is not signed in, and the tokens are revoked', async () => {
    const error = new Error('database down')
    const app = await startApp(verified((_access, _refresh, _profile, done) => done(error)))
    expect(await signIn(app)).toBe(500)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toEqual([error])
  })

  it('throws at is not signed in, and the tokens are revoked', async () => {
    const error = new Error('a fault of verify')
    const app = await startApp(
      verified(() => {
        throw error
      }),
    )
    expect(await signIn(app)).toBe(500)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toEqual([error])
  })

  it('ends twice for counts once', async () => {
    const app = await startApp(
      verified((_access, _refresh, _profile, done) => {
        done(null, false)
        done(null, { id: 1 })
        throw new Error('too late')
      }),
    )
    expect(await signIn(app)).toBe(401)
    expect((await app.strategy.auth.status('1')).state).toBe('not-connected')
    expect(app.errors).toEqual([])
  })

  it.each([
    ['without an id', { name: 'ann' }],
    ['with an id that no number holds', { id: 2 ** 60 }],
    ['that is a text', 'ann'],
  ])('gives %s is an error that says what to do', async (_, user) => {
    const app = await startApp(verified((_access, _refresh, _profile, done) => done(null, user)))
    expect(await signIn(app)).toBe(500)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toMatchObject([
      {
        code: 'ERR_PROCORE_ARGUMENT_INVALID',
        message: expect.stringContaining('principal: (user)'),
      },
    ])
  })

  it('accepts has the principal that the option says, and no other where it says none', async () => {
    const untyped: object = { principal: () => undefined }
    const app = await startApp({ options: untyped })
    const browser = app.browser()
    expect((await browser.get(await app.authorize(browser))).status).toBe(500)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toMatchObject([{ code: 'ERR_PROCORE_ARGUMENT_INVALID' }])
  })

  it('accepts is refused by onSignIn, which is asked as well', async () => {
    const app = await startApp({ options: { onSignIn: ({ user }) => user.login === 'ana' } })
    expect(await signIn(app)).toBe(403)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toMatchObject([{ code: 'ERR_PROCORE_SIGN_IN_REFUSED' }])
  })
})

describe('a failure', () => {
  it('of the store that takes no grant is one error, and the tokens are revoked', async () => {
    const store = new MemoryTokenStore()
    const put = store.put.bind(store)
    store.put = async () => {
      throw new Error('store down: canary0-row')
    }
    const app = await startApp({ options: { tokenStore: store } })
    expect(await signIn(app)).toBe(503)
    store.put = put
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors).toMatchObject([{ code: 'ERR_PROCORE_STORE_UNAVAILABLE' }])
  })

  it('of the code is the TokenError that passport-oauth2 makes', async () => {
    const app = await startApp()
    const browser = app.browser()
    const path = await app.authorize(browser)
    app.procore.clock.advance(700_000)
    expect((await browser.get(path)).status).toBe(500)
    expect(app.errors[0]).toBeInstanceOf(TokenError)
    expect(app.errors).toMatchObject([{ name: 'TokenError', code: 'invalid_grant', status: 500 }])
  })

  it.each([
    ['an error page', { kind: 'html-error', status: 503 }],
    ['a lost answer', { kind: 'close', when: 'after-commit' }],
  ] as const)('of the token endpoint, %s, is an InternalOAuthError', async (_, fault) => {
    const app = await startApp()
    app.procore.faults.add({ ...fault, on: 'token' })
    expect(await signIn(app)).toBe(500)
    const [error] = app.errors
    expect(error).toBeInstanceOf(InternalOAuthError)
    expect(error).toMatchObject({ message: 'Failed to obtain access token' })
    expect(Object(error).oauthError).toBeInstanceOf(ProcoreAuthError)
    expect(app.procore.ledger.tokenRequests()).toHaveLength(1)
  })

  it('to read the user is an InternalOAuthError, and the tokens are revoked', async () => {
    const app = await startApp()
    app.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    expect(await signIn(app)).toBe(500)
    expect(await isForgotten(app)).toBe(true)
    expect(app.errors[0]).toBeInstanceOf(InternalOAuthError)
    expect(app.errors).toMatchObject([
      {
        message: 'Failed to fetch user profile',
        oauthError: { code: 'ERR_PROCORE_USER_UNAVAILABLE' },
      },
    ])
  })

  it('shows no secret, token or code', async () => {
    const app = await startApp()
    const browser = app.browser()
    app.procore.faults.add({ kind: 'html-error', status: 503, on: 'token' })
    const path = await app.authorize(browser)
    await browser.get(path)
    const late = await app.authorize(browser)
    app.procore.clock.advance(700_000)
    await browser.get(late)
    app.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    await browser.get(await app.authorize(browser))
    expect(app.errors).toHaveLength(3)
    const shown = inspect([...app.errors, app.strategy], { depth: 12, showHidden: true })
    const codes = [path, late].map((one) => new URLSearchParams(one.split('?')[1]).get('code'))
    for (const secret of [app.procore.app.clientSecret, 'canary0', ...codes]) {
      expect(secret?.length).toBeGreaterThan(6)
      expect(shown).not.toContain(secret)
    }
  })
})

describe('who denies', () => {
  it('is not signed in, and may try again', async () => {
    const app = await startApp()
    const browser = app.browser()
    const denied = await browser.get(await app.authorize(browser, { decision: 'deny' }))
    expect(denied.status).toBe(401)
    expect(app.errors).toEqual([])
    expect((await browser.get(await app.authorize(browser))).status).toBe(200)
  })

  it('did so in this browser: an answer that nobody asked for counts for nothing', async () => {
    const app = await startApp()
    const answer = await app.browser().get('/auth/procore/callback?error=access_denied&state=x')
    expect(answer.status).toBe(403)
  })

  it('or another answer without a code is an AuthorizationError', async () => {
    const app = await startApp()
    const browser = app.browser()
    const state = new URLSearchParams((await app.authorize(browser)).split('?')[1]).get('state')
    const query = new URLSearchParams({
      error: 'temporarily_unavailable',
      error_description: 'come back later',
      state: state ?? '',
    })
    expect((await browser.get(`/auth/procore/callback?${query}`)).status).toBe(503)
    expect(app.errors[0]).toBeInstanceOf(AuthorizationError)
    expect(app.errors).toMatchObject([
      { code: 'temporarily_unavailable', message: 'come back later' },
    ])
  })
})
