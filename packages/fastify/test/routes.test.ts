import { MemoryTokenStore, type TokenStore } from '@procore-auth/core'
import { procoreAuth } from '@procore-auth/fastify'
import type { FastifyPluginCallback } from 'fastify'
import { describe, expect, it } from 'vitest'
import { cookieNames, OPTIONS, startApp } from './support/app.js'

class UnreachableStore extends MemoryTokenStore {
  override async acquireLease(): ReturnType<TokenStore['acquireLease']> {
    throw new Error('connection to store lost: canary0-row')
  }
}

describe('the routes', () => {
  it('need no parser for the forms of a browser', async () => {
    const app = await startApp(async (fastify, auth) => fastify.register(procoreAuth, { auth }))
    const browser = app.browser()
    await app.signIn(browser)
    await browser.post('/auth/procore/logout').type('form').send('').expect(303)
    await app.signIn(browser)
    await browser.post('/auth/procore/disconnect').type('form').send('a=1&b=2').expect(303)
    await browser.post('/auth/procore/logout').type('application/x-other').send('x').expect(303)
    await app.close()
  })

  it.each([
    ['a colon', '/auth/a:b/callback'],
    ['an escape', '/auth/a%20b/callback'],
    ['a letter beyond ASCII', '/auth/%C3%A4/callback'],
  ])('may have %s in their path', async (_, path) => {
    const redirectUri = `http://localhost:4567${path}`
    const app = await startApp(async (fastify, auth) => fastify.register(procoreAuth, { auth }), {
      redirectUri,
    })
    expect(await app.signIn(app.browser())).toBe('/')
    await app.browser().get('/auth/other/callback').expect(404)
    await app.close()
  })

  it('leave to the application what only looks like them', async () => {
    const redirectUri = 'http://localhost:4567/auth/a:b/callback'
    const app = await startApp(
      async (fastify, auth) => {
        await fastify.register(procoreAuth, { auth })
        fastify.get('/auth/*', async () => 'own')
        fastify.get('/login', async () => 'own')
      },
      { redirectUri },
    )
    for (const path of ['/auth/another/callback', '/login']) {
      await app.browser().get(path).expect(200, 'own')
    }
    await app.close()
  })

  it('may end like each other', async () => {
    const app = await startApp(async (fastify, auth) => fastify.register(procoreAuth, { auth }), {
      redirectUri: 'http://localhost:4567/back/login',
      basePath: '/',
    })
    expect(await app.signIn(app.browser(), { loginPath: '/login' })).toBe('/')
    await app.close()
  })

  it.each([
    ['caseSensitive: false', { caseSensitive: false }, '/AUTH/procore/login'],
    ['ignoreTrailingSlash', { ignoreTrailingSlash: true }, '/auth/procore/login/'],
    ['ignoreDuplicateSlashes', { ignoreDuplicateSlashes: true }, '//auth/procore/login'],
  ])('are the paths of core alone, also with %s', async (_, routerOptions, path) => {
    const app = await startApp(
      async (fastify, auth) => {
        await fastify.register(procoreAuth, { auth })
        fastify.setNotFoundHandler(async (_request, reply) => reply.code(404).send('not found'))
      },
      { fastify: { routerOptions } },
    )
    await app.browser().get('/auth/procore/login').expect(302)
    await app.browser().get(path).expect(404, 'not found')
    await app.close()
  })

  it('are found behind rewriteUrl', async () => {
    const app = await startApp(async (fastify, auth) => fastify.register(procoreAuth, { auth }), {
      redirectUri: 'http://localhost:4567/portal/auth/procore/callback',
      fastify: { rewriteUrl: (req: { url: string }) => req.url.replace(/^\/portal/, '') },
    })
    const browser = app.browser()
    expect(await app.signIn(browser, { loginPath: '/portal/auth/procore/login' })).toBe('/')
    await app.close()
  })

  it('keep the cookies and hooks of others', async () => {
    const sent: unknown[] = []
    const app = await startApp(async (fastify, auth) => {
      fastify.addHook('onRequest', async (_request, reply) => {
        reply.header('set-cookie', 'before=1')
      })
      await fastify.register(procoreAuth, { auth })
      fastify.addHook('onSend', async (request, reply) => {
        reply.header('set-cookie', 'after=1')
        sent.push([request.method, request.url.split('?')[0], reply.statusCode])
      })
      fastify.post('/leave', async ({ procore }) => {
        await procore.logout()
        return { isAuthenticated: procore.isAuthenticated }
      })
    })
    const browser = app.browser()
    const login = await browser.get('/auth/procore/login').expect(302)
    expect(cookieNames(login)).toEqual(['before', 'procore-login', 'after'])
    await app.signIn(browser)
    const leave = await browser.post('/leave').expect(200, { isAuthenticated: false })
    expect(cookieNames(leave)).toEqual(['before', 'procore-session', 'after'])
    expect(sent).toEqual([
      ['GET', '/auth/procore/login', 302],
      ['GET', '/auth/procore/login', 302],
      ['GET', '/auth/procore/callback', 303],
      ['POST', '/leave', 200],
    ])
    await app.close()
  })

  it('keep the cookies of others apart when a callback comes twice', async () => {
    const app = await startApp(async (fastify, auth) => {
      await fastify.register(procoreAuth, { auth })
      fastify.addHook('onSend', async (_request, reply) => {
        reply.header('set-cookie', 'after=1')
      })
    })
    const login = await app.browser().get('/auth/procore/login')
    const asked = new URL(login.headers['location'] ?? '').searchParams
    const back = new URL(await app.procore.authorize({ state: asked.get('state') ?? '' }))
    const cookie = String(login.headers['set-cookie']).split(';')[0] ?? ''
    for (const visit of ['first', 'second']) {
      const answer = await app
        .browser()
        .get(back.pathname + back.search)
        .set('cookie', cookie)
      expect([visit, ...cookieNames(answer)]).toEqual([
        visit,
        'procore-login',
        'procore-session',
        'after',
      ])
    }
    await app.close()
  })

  it('of request.procore.login() answer once, from a handler and from a hook', async () => {
    const warnings: string[] = []
    const app = await startApp(
      async (fastify, auth) => {
        await fastify.register(procoreAuth, { auth })
        fastify.get('/enter', async ({ procore }) => procore.login({ returnTo: '/there' }))
        fastify.get('/hook', {
          preHandler: async ({ procore }, reply) => {
            procore.login({ returnTo: '/there' })
            return reply
          },
          handler: async () => 'never',
        })
      },
      {
        fastify: {
          logger: { level: 'warn', stream: { write: (line: string) => warnings.push(line) } },
        },
      },
    )
    for (const loginPath of ['/enter', '/hook']) {
      expect(await app.signIn(app.browser(), { loginPath })).toBe('/there')
    }
    expect(warnings).toEqual([])
    await app.close()
  })
})

describe('errors', () => {
  const back = async (app: Awaited<ReturnType<typeof startApp>>, prefix = '') => {
    const browser = app.browser()
    const login = await browser.get(`${prefix}/auth/procore/login`)
    const asked = new URL(login.headers['location'] ?? '').searchParams
    const url = await app.procore.authorize({
      state: asked.get('state') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    return browser.get(url.slice(new URL(url).origin.length))
  }
  const tokenStore = new UnreachableStore()

  it('are answered by Fastify with their status', async () => {
    const app = await startApp(async (fastify, auth) => fastify.register(procoreAuth, { auth }), {
      tokenStore,
    })
    const answer = await back(app)
    expect([answer.status, answer.body.code]).toEqual([503, 'ERR_PROCORE_STORE_UNAVAILABLE'])
    expect(answer.text).not.toContain('canary0')
    await app.close()
  })

  it('reach the error handler of their scope once', async () => {
    const errors: unknown[] = []
    const redirectUri = OPTIONS.redirectUri.replace('/auth', '/app/auth')
    const app = await startApp(
      async (fastify, auth) => {
        const scope: FastifyPluginCallback = (instance, _options, done) => {
          instance.setErrorHandler(async (error, _request, reply) => {
            errors.push(error)
            await reply.code(418).send('ours')
          })
          instance.register(procoreAuth, { auth })
          instance.get('/forgot', async ({ procore }) => typeof procore.client)
          done()
        }
        fastify.register(scope, { prefix: '/app' })
      },
      { tokenStore, redirectUri },
    )
    expect(await back(app, '/app')).toMatchObject({ status: 418, text: 'ours' })
    await app.browser().get('/app/forgot').expect(418)
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_PROCORE_STORE_UNAVAILABLE' }),
      expect.objectContaining({ code: 'ERR_PROCORE_NOT_AUTHENTICATED' }),
    ])
    await app.close()
  })
})
