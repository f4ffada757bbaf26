import { createRequire } from 'node:module'
import { ConfigurationError, createProcoreAuth } from '@procore-auth/core'
import { procoreAuth } from '@procore-auth/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OPTIONS } from './support/app.js'

const require = createRequire(import.meta.url)
const fastify4: () => FastifyInstance = require('fastify4')

describe('app.register(procoreAuth, …)', () => {
  const before = process.env
  let app: FastifyInstance

  beforeEach(() => {
    process.env = { ...before }
    app = Fastify()
  })
  afterEach(async () => {
    process.env = before
    await app.close()
  })

  it.each([
    ['with nothing', undefined],
    [
      "with nothing but Fastify's own options",
      { prefix: '/x', logLevel: 'warn', logSerializers: {} },
    ],
  ] as const)('%s takes the variables', async (_, options) => {
    const variables = {
      PROCORE_ENVIRONMENT: 'sandbox',
      PROCORE_CLIENT_ID: 'client-1',
      PROCORE_CLIENT_SECRET: 'secret-1',
      PROCORE_REDIRECT_URI: OPTIONS.redirectUri,
      PROCORE_AUTH_SECRET: OPTIONS.secret,
    }
    Object.assign(process.env, variables)
    await (options ? app.register(procoreAuth, options) : app.register(procoreAuth))
    expect(app.hasRoute({ method: 'GET', url: '/auth/procore/login' })).toBe(true)
  })

  it.each([
    ['options', OPTIONS],
    ["options beside Fastify's own", { ...OPTIONS, logLevel: 'warn' }],
    ['{ auth }', { auth: createProcoreAuth(OPTIONS) }],
    ["{ auth } beside Fastify's own", { auth: createProcoreAuth(OPTIONS), prefix: '/x' }],
  ] as const)('takes %s, and no variables', async (_, options) => {
    await app.register(procoreAuth, options)
    expect(app.hasRoute({ method: 'POST', url: '/auth/procore/logout' })).toBe(true)
  })

  it('may come twice in one scope, for two Procores', async () => {
    const redirectUri = 'http://localhost:4567/two/auth/procore/callback'
    await app.register(procoreAuth, { ...OPTIONS, basePath: '/one' })
    await app.register(procoreAuth, { ...OPTIONS, basePath: '/two/auth/procore', redirectUri })
    for (const url of ['/one/login', '/two/auth/procore/login']) {
      expect(app.hasRoute({ method: 'GET', url })).toBe(true)
    }
  })

  it('names every fault at once when the application starts', async () => {
    app.register(procoreAuth, { environment: 'sandbox', clientId: 'client-1', clientSecret: '' })
    const failure: unknown = await app.ready().then(undefined, (error: unknown) => error)
    expect(failure).toBeInstanceOf(ConfigurationError)
    for (const option of ['clientSecret', 'redirectUri', 'secret']) {
      expect(String(failure)).toContain(`- ${option} is missing`)
    }
  })

  it.each([
    ['what createProcoreAuth returned without a redirect URI', undefined, /redirectUri/],
    [
      'a redirect URI outside of its prefix',
      '/one',
      /\/auth\/procore\/login is outside .* begin with its prefix \/one/,
    ],
    ['a redirect URI that only looks like its prefix', '/auth/pro', /is outside of the scope/],
  ])('refuses %s', async (_, prefix, message) => {
    const { redirectUri, ...rest } = OPTIONS
    const auth = createProcoreAuth(prefix ? OPTIONS : rest)
    app.register(
      (scope, _options, done) => {
        scope.register(procoreAuth, { auth })
        done()
      },
      { prefix: prefix ?? '/auth' },
    )
    await expect(app.ready()).rejects.toThrow(message)
    await expect(app.ready()).rejects.toBeInstanceOf(ConfigurationError)
  })

  it('says what to do in another version of Fastify', async () => {
    const old = fastify4()
    old.register(procoreAuth, OPTIONS)
    await expect(old.ready()).rejects.toThrow(/plugin of Fastify 5.*, not 4\./)
    await expect(old.ready()).rejects.toBeInstanceOf(ConfigurationError)
  })

  it.each([
    ['nothing', []],
    ['options', [OPTIONS]],
    ['an application of another framework', [{ use: () => undefined }, OPTIONS]],
  ])('says what to do when procoreAuth is called with %s', (_, args) => {
    const call = (): unknown => Reflect.apply(procoreAuth, undefined, args)
    expect(call).toThrow(ConfigurationError)
    expect(call).toThrow(/await app\.register\(procoreAuth, options\)/)
  })

  it('goes by its name, and decorates the request', async () => {
    await app.register(procoreAuth, OPTIONS)
    expect(app.hasPlugin('@procore-auth/fastify')).toBe(true)
    expect(app.hasRequestDecorator('procore')).toBe(true)
  })
})
