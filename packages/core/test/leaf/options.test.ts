import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.js'
import { resolveOptions } from '../../src/config.js'
import { ConfigurationError } from '../../src/errors.js'
import { optionsFromEnv, type ProcoreAuthOptions } from '../../src/options.js'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import { leaks } from '../support/core-canaries.js'
import { TestClock } from '../support/core-clock.js'
import { thrown } from '../support/core-rejection.js'

const SECRET = '0123456789abcdef'.repeat(4)
const GOOD = {
  environment: 'sandbox',
  clientId: 'f2a9b1c7d8',
  clientSecret: 's-9f8e7d6c5b',
  redirectUri: 'https://app.example/auth/procore/callback',
  secret: SECRET,
} satisfies ProcoreAuthOptions

/** Returns the faults of the good options with some replaced by anything at all. */
function faultsOf(
  changes: Readonly<Record<string, unknown>>,
  use: 'any' | 'web' = 'any',
): string[] {
  const options: ProcoreAuthOptions = { ...GOOD, ...changes }
  const error = thrown(() => resolveOptions(options, use))
  if (!(error instanceof ConfigurationError)) throw error
  return [...error.faults]
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('good options', () => {
  test('get their defaults', () => {
    const config = resolveOptions(GOOD, 'web')
    expect(config).toMatchObject({
      environment: { name: 'sandbox' },
      clientId: GOOD.clientId,
      scope: undefined,
      tokenTimeoutMs: 30_000,
      apiTimeoutMs: 60_000,
      clock: systemClock,
      randomBytes,
      onSignIn: undefined,
      lostRefresh: 'resend',
      acceptsPlaintextGrants: false,
    })
    expect(config.clientSecret.reveal()).toBe(GOOD.clientSecret)
    expect(config.tokenStore).toBeInstanceOf(MemoryTokenStore)
    expect(config.web).toMatchObject({
      basePath: '/auth/procore',
      defaultReturnTo: '/',
      sessionMaxAgeMs: 604_800_000,
      loginMaxAgeMs: 1_800_000,
      principal: undefined,
    })
    expect(config.web?.redirectUri).toBe(GOOD.redirectUri)
    expect(config.web?.callbackUrl.href).toBe(GOOD.redirectUri)
    expect(config.web?.secrets.map((secret) => secret.reveal())).toEqual([SECRET])
  })

  test('are used as they are', () => {
    const given = {
      tokenStore: new MemoryTokenStore(),
      clock: new TestClock(),
      randomBytes: (size: number) => Buffer.alloc(size),
      onSignIn: () => true,
      scope: 'read',
      tokenTimeoutMs: 1,
      apiTimeoutMs: 2,
      lostRefresh: 'reauthorize',
    } as const
    const config = resolveOptions({ ...GOOD, ...given, acceptPlaintextGrants: true }, 'any')
    expect(config).toMatchObject({ ...given, acceptsPlaintextGrants: true })
    expect(config.tokenStore).toBe(given.tokenStore)
  })

  test('without a redirect URI serve no web, and need no secret', () => {
    const options = { ...GOOD, redirectUri: undefined, secret: undefined }
    expect(resolveOptions(options, 'any')).toMatchObject({ web: undefined, secrets: [] })
    const error = thrown(() => resolveOptions(options, 'web'))
    expect(error instanceof ConfigurationError && error.faults).toHaveLength(2)
  })

  test('keep the principal function bound to what it belongs to', () => {
    class Options {
      readonly #name = 'jim'
      readonly environment = 'sandbox'
      readonly clientId = GOOD.clientId
      readonly clientSecret = GOOD.clientSecret
      readonly redirectUri = GOOD.redirectUri
      readonly secret = SECRET
      principal(): string {
        return this.#name
      }
    }
    const { web } = resolveOptions(new Options(), 'web')
    const request = { method: 'GET', url: '/', header: () => undefined, raw: undefined }
    expect(web?.principal?.(request)).toBe('jim')
  })

  test('are not changed, and the result holds no secret in the open', () => {
    const options = Object.freeze({
      ...GOOD,
      secret: Object.freeze([SECRET, 'z9'.repeat(16) + SECRET]),
    })
    const config = resolveOptions(options, 'web')
    const shown = JSON.stringify(config)
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toContain(GOOD.clientSecret)
    expect(config.web?.secrets).toHaveLength(2)
  })

  test.each(['production', 'development', undefined])(
    'in %s say whether pages show details',
    (mode) => {
      vi.stubEnv('NODE_ENV', mode)
      const { web } = resolveOptions({ ...GOOD, tokenStore: new MemoryTokenStore() }, 'web')
      expect(web?.showsDetails).toBe(mode !== 'production')
    },
  )
})

test('every fault is told at once, each with the option it is about', () => {
  const faults = faultsOf({
    environment: 'prod',
    clientId: '',
    clientSecret: 'your-client-secret',
    redirectUri: 'http://app.example/callback#x',
    secret: 'short',
    tokenStore: {},
    basePath: 'auth',
    defaultReturnTo: '//evil.example',
    sessionMaxAgeSeconds: 0,
    loginMaxAgeSeconds: Number.NaN,
    tokenTimeoutMs: -1,
    apiTimeoutMs: '5',
    principal: 'jim',
    onSignIn: {},
    lostRefresh: 'retry',
    acceptPlaintextGrants: 'false',
  })
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
    'environment',
    'clientId',
    'clientSecret',
    'tokenStore',
    'tokenTimeoutMs',
    'apiTimeoutMs',
    'principal',
    'onSignIn',
    'lostRefresh',
    'acceptPlaintextGrants',
    'secret',
    'basePath',
    'loginMaxAgeSeconds',
    'defaultReturnTo',
    'redirectUri',
    'redirectUri',
    'sessionMaxAgeSeconds',
  ])
})

describe.each(['clientId', 'clientSecret'])('%s', (name) => {
  test.each([undefined, null, '', '   ', '\n', 5, {}, ['a']])(
    'may not be missing (%j)',
    (value) => {
      const [fault, ...more] = faultsOf({ [name]: value })
      expect(fault).toContain(`${name} is missing`)
      expect(more).toEqual([])
    },
  )

  test.each([
    '<client id>',
    '<YOUR_CLIENT_SECRET>',
    'your-client-id',
    'YOUR_CLIENT_SECRET',
    'your_procore_client_id',
    'my client secret',
    'yourid',
    'client_id',
    'CLIENT-SECRET',
    'changeme',
    'change-me',
    'xxx',
    'XXXXXXXX',
    'todo',
    '...',
    `$${'{CLIENT_ID}'}`,
    '{{ client_id }}',
    ' todo ',
  ])('may not be the placeholder "%s"', (value) => {
    expect(faultsOf({ [name]: value })[0]).toContain(`${name} is still a placeholder`)
  })

  test.each(['abc def', 'abc\n', ' abc', 'abc\u0000', 'ab\tc', 'sécret', '“abc”'])(
    'has no such characters: %j',
    (value) => {
      expect(faultsOf({ [name]: value })[0]).toContain(`${name} has a space`)
    },
  )

  test('may look like anything else', () => {
    for (const value of ['myclientapp', 'x1', 'your-company-app-7', 'a'.repeat(500), '{a']) {
      const options = { ...GOOD, [name]: value }
      expect(() => resolveOptions(options, 'any')).not.toThrow()
    }
  })
})

test('client id and secret must not be the same', () => {
  expect(faultsOf({ clientId: 'same', clientSecret: 'same' })[0]).toContain('same as clientId')
})

describe('redirectUri', () => {
  test.each([
    'https://app.example/auth/procore/callback',
    'https://app.example:8443/cb?tenant=1',
    'http://localhost:3000/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:3000/callback',
    'http://app.localhost/callback',
  ])('may be %s', (redirectUri) => {
    const { web } = resolveOptions({ ...GOOD, redirectUri }, 'web')
    expect(web?.redirectUri).toBe(redirectUri)
    expect(web?.callbackUrl.href).toBe(redirectUri)
  })

  test.each<[unknown, string]>([
    ['', 'missing'],
    ['/auth/procore/callback', 'absolute'],
    ['app.example/callback', 'absolute'],
    [5, 'absolute'],
    [{}, 'absolute'],
    [null, 'absolute'],
    ['urn:ietf:wg:oauth:2.0:oob', 'installedApp'],
    ['http://app.example/callback', 'https'],
    ['http://localhost.example/callback', 'https'],
    ['myapp://callback', 'https'],
    ['localhost:3000/callback', 'https'],
    ['javascript:alert(1)', 'https'],
    ['https://app.example', 'path'],
    ['https://app.example/call\nback', 'line break'],
    ['https://app.example/auth/procore/login', 'other routes'],
    ['https://app.example/auth/procore/disconnect', 'other routes'],
    ['https://app.example/callback#top', 'fragment'],
    ['https://jim:pw@app.example/callback', 'credentials'],
    ['https://jim@app.example/callback', 'credentials'],
  ])('may not be %j', (redirectUri, why) => {
    const [fault, ...more] = faultsOf({ redirectUri })
    expect(fault).toContain('redirectUri')
    expect(fault).toContain(why)
    expect(more).toEqual([])
  })

  test('is missing where web sign-in is asked for', () => {
    expect(faultsOf({ redirectUri: undefined }, 'web')[0]).toContain('PROCORE_REDIRECT_URI')
  })
})

describe('secret', () => {
  test.each<[unknown, string]>([
    [undefined, 'missing'],
    ['', 'missing'],
    [[], 'missing'],
    [[''], 'missing'],
    ['x', 'too short'],
    [SECRET.slice(0, 31), 'too short'],
    [5, 'too short'],
    [null, 'too short'],
    ['a'.repeat(64), 'not random'],
    ['abcabcabc'.repeat(8), 'not random'],
    ['0123456'.repeat(8), 'not random'],
    [[SECRET, ''], 'secret 2 is too short'],
    [[SECRET, 'a'.repeat(40)], 'secret 2 is not random'],
    [['short', SECRET], 'secret 1 is too short'],
  ])('%j is refused', (secret, why) => {
    const [fault, ...more] = faultsOf({ secret })
    expect(fault).toContain(why)
    expect(more).toEqual([])
  })

  test.each<[unknown, string]>([
    ['x', 'too short'],
    [5, 'too short'],
    [['a'.repeat(64)], 'not random'],
    [[''], 'missing'],
  ])('%j is refused also where only grants are sealed by it', (secret, why) => {
    const [fault, ...more] = faultsOf({ secret, redirectUri: undefined })
    expect(fault).toContain(why)
    expect(more).toEqual([])
  })

  test('seals grants also without web sign-in', () => {
    const { secrets, web } = resolveOptions({ ...GOOD, redirectUri: undefined }, 'any')
    expect(secrets.map((one) => one.reveal())).toEqual([SECRET])
    expect(web).toBeUndefined()
  })

  test('several are kept in order', () => {
    const secret = [SECRET, `${SECRET}2`]
    const { web } = resolveOptions({ ...GOOD, secret }, 'web')
    expect(web?.secrets.map((one) => one.reveal())).toEqual(secret)
  })
})

describe('paths', () => {
  test.each(['/auth', '/auth/', '/', '/a/b-c_d~', '/a%20b'])('basePath may be %s', (basePath) => {
    const { web } = resolveOptions({ ...GOOD, basePath }, 'web')
    expect(web?.basePath).toBe(basePath.replace(/\/$/, ''))
  })

  test.each([
    '',
    'auth',
    '//evil',
    '/\\evil',
    '/a\\b',
    '/a?b',
    '/a#b',
    '/a b',
    '/é',
    'https://x',
    5,
    null,
  ])('basePath and defaultReturnTo may not be %j', (path) => {
    for (const name of ['basePath', 'defaultReturnTo']) {
      const changes = { [name]: path ?? { not: 'a path' } }
      expect(faultsOf(changes)).toEqual([expect.stringContaining(`${name} must be a path`)])
    }
  })
})

describe('numbers', () => {
  const names = ['sessionMaxAgeSeconds', 'loginMaxAgeSeconds', 'tokenTimeoutMs', 'apiTimeoutMs']
  test.each(names)('%s must be positive', (name) => {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60', 1n, {}]) {
      expect(faultsOf({ [name]: value })).toEqual([`${name} must be a positive number`])
    }
  })
})

describe('tokenStore', () => {
  test.each([null, 5, 'redis://', {}, [], () => undefined])('may not be %o', (tokenStore) => {
    expect(faultsOf({ tokenStore })[0]).toContain('get, put, delete, acquireLease')
  })

  test('is told what it lacks', () => {
    const store = { get() {}, put() {}, delete() {}, acquireLease() {}, list: 'no' }
    expect(faultsOf({ tokenStore: store })[0]).toMatch(/lacks releaseLease, list$/)
  })

  test('may have its methods from a class', () => {
    class OwnStore extends MemoryTokenStore {}
    expect(() => resolveOptions({ ...GOOD, tokenStore: new OwnStore() }, 'any')).not.toThrow()
  })

  test('in memory is warned of in production, once for web sign-in', async () => {
    const codes: unknown[] = []
    const collect = (warning: Error) => void codes.push('code' in warning && warning.code)
    process.on('warning', collect)
    vi.stubEnv('NODE_ENV', 'production')
    resolveOptions({ ...GOOD, tokenStore: new MemoryTokenStore() }, 'web')
    resolveOptions({ ...GOOD, redirectUri: undefined }, 'any')
    resolveOptions(GOOD, 'web')
    await turn()
    process.off('warning', collect)
    expect(codes).toEqual(['PROCORE_AUTH_MEMORY_STORE'])
  })
})

test('no fault repeats a secret', () => {
  const canary = 'canary-secret-8a8a8a'
  for (const changes of [
    { clientSecret: `${canary} ` },
    { clientId: canary, clientSecret: canary },
    { secret: canary },
    { secret: [SECRET, canary] },
    { redirectUri: `https://jim:${canary}@app.example/` },
    { environment: { loginOrigin: `https://jim:${canary}@x.example`, apiOrigin: 'https://x' } },
  ]) {
    const options: ProcoreAuthOptions = { ...GOOD, ...changes }
    expect(leaks(thrown(() => resolveOptions(options, 'any')))).toEqual([])
  }
})

describe('options from the environment', () => {
  const ENV = {
    PROCORE_CLIENT_ID: GOOD.clientId,
    PROCORE_CLIENT_SECRET: GOOD.clientSecret,
    PROCORE_REDIRECT_URI: GOOD.redirectUri,
    PROCORE_AUTH_SECRET: SECRET,
    PROCORE_ENVIRONMENT: 'sandbox',
  } as const

  test('are those of the variables', () => {
    expect(optionsFromEnv(ENV)).toEqual({ ...GOOD, secret: [SECRET] })
    expect(() => resolveOptions(optionsFromEnv(ENV), 'web')).not.toThrow()
  })

  test('come from process.env by default', () => {
    vi.stubEnv('PROCORE_CLIENT_ID', 'from-process-env')
    expect(optionsFromEnv().clientId).toBe('from-process-env')
  })

  test('secrets are separated by commas', () => {
    const { secret } = optionsFromEnv({ ...ENV, PROCORE_AUTH_SECRET: ` ${SECRET} ,, z${SECRET},` })
    expect(secret).toEqual([SECRET, `z${SECRET}`])
  })

  test('without any variable every one that is needed is named', () => {
    const error = thrown(() => resolveOptions(optionsFromEnv({}), 'web'))
    for (const name of Object.keys(ENV)) expect(error.message).toContain(name)
  })

  test('an empty variable is a missing one', () => {
    const empty = Object.fromEntries(Object.keys(ENV).map((name) => [name, '']))
    const missing = thrown(() => resolveOptions(optionsFromEnv({}), 'web'))
    const error = thrown(() => resolveOptions(optionsFromEnv(empty), 'web'))
    expect(error.message).toBe(missing.message)
    expect(optionsFromEnv(empty).redirectUri).toBeUndefined()
  })

  test('a pair of origins stands for an environment', () => {
    const pair = {
      PROCORE_LOGIN_ORIGIN: 'http://localhost:1',
      PROCORE_API_ORIGIN: 'http://localhost:2',
    }
    const { PROCORE_ENVIRONMENT: _, ...env } = ENV
    expect(resolveOptions(optionsFromEnv({ ...env, ...pair }), 'web').environment).toEqual({
      name: 'http://localhost:1 http://localhost:2',
      loginOrigin: 'http://localhost:1',
      apiOrigin: 'http://localhost:2',
    })
    const both = thrown(() => resolveOptions(optionsFromEnv({ ...ENV, ...pair }), 'web'))
    expect(both.message).toContain('PROCORE_ENVIRONMENT contradicts')
    for (const name of Object.keys(pair)) {
      const half = { ...env, [name]: 'http://localhost:1' }
      expect(() => resolveOptions(optionsFromEnv(half), 'web')).toThrow(ConfigurationError)
    }
  })
})
