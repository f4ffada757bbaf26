import { procoreAuth, requireProcore } from '@procore-auth/fastify'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { startApp } from './support/app.js'

const login = async ({ procore }: FastifyRequest) => ({ login: procore.user?.login })
const guarded: FastifyPluginCallback = (scope, _options, done) => {
  scope.get('/guarded', { onRequest: requireProcore() }, login)
  done()
}
const FROM = '/app/auth/procore/login?returnTo=%2Fapp%2Fguarded%3Fa%3D1'
const redirectUri = 'http://localhost:4567/app/auth/procore/callback'

describe('procoreAuth', () => {
  it('serves the scope that it is registered in, and those inside', async () => {
    const app = await startApp(async (fastify, auth) => {
      fastify.get('/before', login)
      await fastify.register(procoreAuth, { auth })
      await fastify.register(guarded, { prefix: '/inner' })
      fastify.setNotFoundHandler(async ({ procore }) => ({ nobody: !procore.isAuthenticated }))
    })
    const browser = app.browser()
    await app.signIn(browser)
    const jim = { login: 'jim@example.com' }
    expect((await browser.get('/before').expect(200)).body).toEqual(jim)
    expect((await browser.get('/inner/guarded').expect(200)).body).toEqual(jim)
    expect((await browser.get('/nowhere')).body).toEqual({ nobody: false })
    await app.close()
  })

  it('touches nothing outside of a scope', async () => {
    const app = await startApp(
      async (fastify, auth) => {
        const scope: FastifyPluginCallback = (instance, _options, done) => {
          instance.register(procoreAuth, { auth })
          done()
        }
        fastify.register(scope, { prefix: '/app' })
        fastify.get('/outside', async (request) => 'procore' in request)
        fastify.get('/forgot', { onRequest: requireProcore() }, login)
        fastify.setErrorHandler(async (error, _request, reply) => {
          await reply.code(500).send(Object(error).faults)
        })
      },
      { redirectUri },
    )
    const browser = app.browser()
    expect((await browser.get('/outside')).body).toBe(false)
    await browser.get('/auth/procore/login').expect(404)
    const forgot = await browser.get('/forgot').expect(500)
    expect(forgot.body).toEqual([expect.stringContaining('app.register(procoreAuth)')])
    await app.close()
  })

  it.each(['/app', '/app/', 'app'])(
    'signs in under the prefix %s, and comes back',
    async (prefix) => {
      const app = await startApp(
        async (fastify, auth) => {
          const scope: FastifyPluginCallback = (instance, _options, done) => {
            instance.register(procoreAuth, { auth })
            instance.register(guarded)
            done()
          }
          fastify.register(scope, { prefix })
        },
        { redirectUri },
      )
      const browser = app.browser()
      await browser.get('/app/guarded?a=1').expect(302).expect('location', FROM)
      expect(await app.signIn(browser, { loginPath: FROM })).toBe('/app/guarded?a=1')
      expect((await browser.get('/app/guarded')).body).toEqual({ login: 'jim@example.com' })
      await app.close()
    },
  )

  it.each([
    ['in the root', undefined, '', 'http://localhost:4567/portal/auth/procore/callback', undefined],
    [
      'in a scope without a prefix',
      '',
      '',
      'http://localhost:4567/portal/auth/procore/callback',
      undefined,
    ],
    [
      'in a scope with one',
      '/app',
      '/app',
      'http://localhost:4567/portal/app/auth/procore/callback',
      '/app/auth/procore',
    ],
  ])('works behind a proxy that takes off /portal %s', async (_, prefix, path, uri, basePath) => {
    const app = await startApp(
      async (fastify, auth) => {
        if (prefix === undefined) {
          await fastify.register(procoreAuth, { auth })
          return
        }
        const scope: FastifyPluginCallback = (instance, _options, done) => {
          instance.register(procoreAuth, { auth })
          done()
        }
        fastify.register(scope, { prefix })
      },
      { redirectUri: uri, basePath },
    )
    const loginPath = `${path}/auth/procore/login?returnTo=/there`
    const end = await app.signIn(app.browser(), { loginPath, stripped: '/portal' })
    expect(end).toBe('/portal/there')
    await app.close()
  })

  it('gives two scopes, one inside the other, a Procore each', async () => {
    const inner = await startApp(async () => undefined)
    const app = await startApp(async (fastify, auth) => {
      await fastify.register(procoreAuth, { auth })
      fastify.get('/outer', login)
      const scope: FastifyPluginCallback = (instance, _options, done) => {
        instance.register(procoreAuth, {
          environment: {
            loginOrigin: inner.procore.loginOrigin,
            apiOrigin: inner.procore.apiOrigin,
          },
          ...inner.procore.app,
          redirectUri,
          secret: 'another secret of 32 characters or more',
        })
        instance.register(guarded)
        done()
      }
      fastify.register(scope, { prefix: '/app' })
    })
    const browser = app.browser()
    await app.signIn(browser)
    expect((await browser.get('/outer')).body).toEqual({ login: 'jim@example.com' })
    await browser.get('/app/guarded?a=1').expect(302).expect('location', FROM)
    await app.close()
    await inner.close()
  })

  it('says so when request.procore is used before its own hook has run', async () => {
    const app = await startApp(async (fastify, auth) => {
      fastify.addHook('onRequest', async (request) => void request.procore)
      await fastify.register(procoreAuth, { auth })
      fastify.setErrorHandler(async (error, _request, reply) => {
        await reply.code(500).send(Object(error).faults)
      })
    })
    const answer = await app.browser().get('/').expect(500)
    expect(answer.body).toEqual([expect.stringContaining('register procoreAuth before')])
    await app.close()
  })
})
