import { ConfigurationError, createProcoreAuth } from '@procore-auth/core'
import { ProcoreStrategy, type ProcoreStrategyOptions } from '@procore-auth/passport-strategy'
import { afterEach, describe, expect, it, vi } from 'vitest'

const SECRET = 'a secret of 32 characters and more'
const GOOD = {
  clientID: 'client-1',
  clientSecret: 'secret-1',
  callbackURL: 'http://localhost:4567/auth/procore/callback',
  environment: 'sandbox',
  secret: SECRET,
} as const

afterEach(() => {
  vi.unstubAllEnvs()
})

function faultsOf(options: object, verify: unknown = verifies): readonly string[] {
  try {
    Reflect.construct(ProcoreStrategy, [options, verify])
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
  return []
}

const verifies = (_access: string, _refresh: string, _profile: object, done: () => void): void =>
  done()

function create(options: ProcoreStrategyOptions): ProcoreStrategy {
  return new ProcoreStrategy({ ...options, passReqToCallback: false }, verifies)
}

describe('a strategy', () => {
  it('is called procore, and is what Passport calls it otherwise', () => {
    expect(create(GOOD).name).toBe('procore')
    expect(create(GOOD).auth.environment.name).toBe('sandbox')
  })

  it('names all faults at once, as its users know the options', () => {
    const faults = faultsOf({ principal: 'id' }, null)
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'verify',
      'principal',
      'environment',
      'clientID',
      'clientSecret',
      'secret',
      'callbackURL',
    ])
  })

  it.each([
    ['verify', GOOD, null],
    ['clientSecret', { ...GOOD, clientSecret: '' }, verifies],
    ['secret', { ...GOOD, secret: undefined }, verifies],
    ['secret', { ...GOOD, secret: 'short' }, verifies],
    ['callbackURL', { ...GOOD, callbackURL: 'http://app.example.com/callback' }, verifies],
    ['callbackURL', { ...GOOD, callbackURL: 'https://app.example.com' }, verifies],
    ['callbackURL', { ...GOOD, callbackURL: '' }, verifies],
    ['loginPath', { ...GOOD, loginPath: '//evil.example' }, verifies],
    ['environment', { ...GOOD, environment: 'sandbx' }, verifies],
    ['tokenURL', { ...GOOD, tokenURL: 'https://login.procore.com/oauth/token' }, verifies],
    ['authorizationURL', { ...GOOD, authorizationURL: 'oauth/authorize' }, verifies],
  ])('says what is wrong with %s', (name, options, verify) => {
    const faults = faultsOf(options, verify)
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([name])
  })

  it('takes the environment from authorizationURL, as passport-oauth2 has it', () => {
    const { environment: _, ...rest } = GOOD
    const authorizationURL = 'https://login-sandbox-monthly.procore.com/oauth/authorize'
    expect(create({ ...rest, authorizationURL }).auth.environment.name).toBe('monthly-sandbox')
  })

  it('names the right host where authorizationURL has an old one', () => {
    const { environment: _, ...rest } = GOOD
    const authorizationURL = 'https://app.procore.com/oauth/authorize'
    expect(faultsOf({ ...rest, authorizationURL }).join()).toContain('https://login.procore.com')
  })

  it('takes what is left out from the variables', () => {
    vi.stubEnv('PROCORE_CLIENT_ID', 'client-1')
    vi.stubEnv('PROCORE_CLIENT_SECRET', 'secret-1')
    vi.stubEnv('PROCORE_REDIRECT_URI', GOOD.callbackURL)
    vi.stubEnv('PROCORE_ENVIRONMENT', 'federal')
    vi.stubEnv('PROCORE_AUTH_SECRET', SECRET)
    expect(create({}).auth.environment.name).toBe('federal')
  })

  it('does not take a redirect URI for granted where a relative one is given', () => {
    expect(faultsOf({ ...GOOD, callbackURL: '/auth/procore/callback' })).toEqual([])
  })
})

describe('a ready-made auth', () => {
  const { clientID, callbackURL, ...rest } = GOOD
  const core = { ...rest, clientId: clientID }

  it('is what the strategy uses, with its redirect URI', () => {
    const auth = createProcoreAuth({ ...core, redirectUri: callbackURL })
    expect(create({ auth }).auth).toBe(auth)
  })

  it('may leave the callback URL to the strategy', () => {
    const auth = createProcoreAuth(core)
    expect(create({ auth, callbackURL }).auth).toBe(auth)
    expect(faultsOf({ auth })).toEqual([expect.stringMatching(/^callbackURL is missing/)])
    expect(faultsOf({ auth, callbackURL: '' })).toEqual([
      expect.stringMatching(/^callbackURL is missing/),
    ])
  })

  it('has a secret', () => {
    const { secret: _, ...open } = core
    expect(faultsOf({ auth: createProcoreAuth(open), callbackURL })).toEqual([
      expect.stringMatching(/^secret is missing/),
    ])
  })

  it('was given what concerns Procore, so the strategy is not', () => {
    const auth = createProcoreAuth(core)
    expect(faultsOf({ ...GOOD, auth })).toEqual([
      expect.stringContaining('clientID, clientSecret, environment, secret'),
    ])
  })
})
