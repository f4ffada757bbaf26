import { MemoryTokenStore } from '@procore-auth/core'
import { requireProcore } from '@procore-auth/express'
import supertest from 'supertest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type App,
  addErrorHandler,
  type Browser,
  cookiesOf,
  FailingStore,
  startApp,
  VERSIONS,
} from './support/app.js'

const JIM = '562949953430360'

describe.each(VERSIONS)('requireProcore with $name', ({ express }) => {
  let app: App
  let browser: Browser
  let store: FailingStore

  beforeEach(async () => {
    store = new FailingStore(new MemoryTokenStore())
    app = await startApp(express, { options: { tokenStore: store } })
    browser = app.browser()
  })
  afterEach(() => app.close())

  const toLogin = '/auth/procore/login?returnTo=%2Fguarded%3Fa%3D1%26b%3Dx'

  it('sends a browser to login, and back to the page that it wanted', async () => {
    const guarded = await browser.get('/guarded?a=1&b=x').expect(302)
    expect(guarded.headers['location']).toBe(toLogin)
    expect(guarded.headers['cache-control']).toBe('no-store')
    expect(cookiesOf(guarded)).toEqual([])
    const path = await app.authorize(browser, { loginPath: toLogin })
    const answer = await browser.get(path).expect(303)
    expect(answer.headers['location']).toBe('/guarded?a=1&b=x')
    await browser.get('/guarded?a=1&b=x').expect(200)
  })

  it('does not take a URL along that login would not accept, and a proxy might not', async () => {
    const guarded = await browser.get(`/guarded?filter=${'a'.repeat(1_024)}`).expect(302)
    expect(guarded.headers['location']).toBe('/auth/procore/login')
    await browser
      .get(`/guarded?filter=${'a'.repeat(1_000)}`)
      .expect(302)
      .expect('location', /a{1000}$/)
  })

  it.each(['application/json', '*/*', 'text/plain'])(
    'answers 401 with JSON to a program that accepts %s',
    async (accept) => {
      const answer = await browser.get('/guarded').set('accept', accept).expect(401)
      expect(answer.body).toMatchObject({ error: 'ERR_PROCORE_NOT_AUTHENTICATED' })
      expect(answer.headers).not.toHaveProperty('location')
    },
  )

  it.each(['post', 'put', 'patch', 'delete', 'head'] as const)(
    'answers 401 to %s, which no login brings back',
    async (method) => {
      const answer = await browser[method]('/guarded').expect(401)
      expect(answer.headers).not.toHaveProperty('location')
    },
  )

  it.each(['//evil.example/x', '/\\evil.example', '/%5Cevil.example//', 'http://evil.example/'])(
    'never leads to another host: %s',
    async (url) => {
      const guarded = await startApp(express, {
        routes: (routes) => void routes.use(requireProcore()),
      })
      const own = guarded.browser()
      const first = await own.get('/').expect(302)
      const { port } = new URL(first.request.url)
      const status = await fetchRaw(Number(port), url)
      expect(status.location).toMatch(/^\/auth\/procore\/login\?returnTo=/)
      const path = await guarded.authorize(own, { loginPath: status.location })
      const end = await own.get(path).expect(303)
      expect(new URL(end.headers['location'] ?? '', 'http://own.example').host).toBe('own.example')
      await guarded.close()
    },
  )

  it('never runs the handler behind it for a request that it answers', async () => {
    let runs = 0
    const own = await startApp(express, {
      routes: (routes) => {
        routes.all('/counted', requireProcore(), (_req, res) => {
          runs += 1
          res.end()
        })
      },
    })
    const visitor = own.browser()
    await visitor.get('/counted').expect(302)
    await visitor.post('/counted').expect(401)
    await own.program().get('/counted').expect(401)
    await new Promise(setImmediate)
    expect([runs, own.errors]).toEqual([0, []])
    await own.signIn(visitor)
    await visitor.get('/counted').expect(200)
    expect(runs).toBe(1)
    await own.close()
  })

  it('sends the user to login again when the grant is gone', async () => {
    await app.signIn(browser)
    await app.auth.disconnect(JIM)
    await browser.get('/guarded?a=1&b=x').expect(302).expect('location', toLogin)
    const answer = await browser.get('/guarded').set('accept', 'application/json').expect(401)
    expect(answer.body).toMatchObject({ error: 'ERR_PROCORE_NOT_CONNECTED' })
    await app.signIn(browser)
    await browser.get('/guarded').expect(200)
  })

  it('sends the user to login again after a restart that lost the grants', async () => {
    await app.signIn(browser)
    let cookie = ''
    app.server.once('request', (req) => {
      cookie = req.headers.cookie ?? ''
    })
    await browser.get('/public')
    const { loginOrigin, apiOrigin } = app.procore
    const restarted = await startApp(express, {
      options: {
        environment: { loginOrigin, apiOrigin },
        clientId: app.procore.app.clientId,
        clientSecret: app.procore.app.clientSecret,
      },
    })
    const who = await restarted.browser().get('/who').set('cookie', cookie)
    expect(who.body.isAuthenticated).toBe(true)
    await restarted.browser().get('/guarded').set('cookie', cookie).expect(302)
    await restarted.close()
  })

  it('sends the user to login again once Procore rejects the grant', async () => {
    await app.signIn(browser)
    app.procore.revoke('jim@example.com')
    await browser.get('/me').expect(401)
    expect(app.errors).toEqual([
      expect.objectContaining({ code: 'ERR_PROCORE_REAUTHORIZATION_REQUIRED' }),
    ])
    expect(await app.auth.status(JIM)).toMatchObject({ state: 'needs-reauthorization' })
    await browser.get('/guarded').expect(302)
    await app.signIn(browser)
    await browser.get('/me').expect(200)
  })

  it('sends the user to login again when the session has ended', async () => {
    await app.signIn(browser)
    app.clock.advance(604_801_000)
    await browser.get('/guarded').expect(302)
  })

  it('asks neither Procore nor the store about a user it knows', async () => {
    await app.signIn(browser)
    app.procore.ledger.clear()
    store.failing = ['get', 'put', 'acquireLease']
    for (let visit = 0; visit < 5; visit += 1) await browser.get('/guarded').expect(200)
    expect(app.procore.ledger.count()).toBe(0)
  })

  it('reaches the error handler once when the store cannot say', async () => {
    await app.signIn(browser)
    await app.auth.disconnect(JIM)
    store.failing = ['get']
    await browser.get('/guarded').expect(503)
    expect(app.errors).toEqual([
      expect.objectContaining({ code: 'ERR_PROCORE_STORE_UNAVAILABLE', status: 503 }),
    ])
  })

  it('without procoreAuth before it is an error that says so', async () => {
    const bare = express()
    const errors: unknown[] = []
    bare.get('/', requireProcore())
    addErrorHandler(bare, errors)
    await supertest(bare).get('/').expect(500)
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_PROCORE_CONFIGURATION' })])
  })
})

describe.each(VERSIONS)('req.procore with $name', ({ express }) => {
  it('says that nobody is signed in, also where a handler forgot to ask', async () => {
    const app = await startApp(express, {
      routes: (routes) => {
        routes.get('/forgot', (req, res) => res.json(typeof req.procore.client))
        routes.get('/service', (req, res, next) => {
          const companies = req.procore.service.forCompany(10).get('/rest/v1.0/companies')
          companies.then((list) => res.json(list), next)
        })
      },
    })
    await app.browser().get('/forgot').expect(401)
    expect(app.errors).toEqual([
      expect.objectContaining({ code: 'ERR_PROCORE_NOT_AUTHENTICATED', status: 401 }),
    ])
    await app.browser().get('/service').expect(200)
    await app.close()
  })

  it('is one object per request', async () => {
    const app = await startApp(express, {
      routes: (routes) => {
        routes.get('/same', (req, res) => {
          const { procore } = req
          res.json(procore === req.procore)
        })
      },
    })
    expect((await app.browser().get('/same')).body).toBe(true)
    await app.close()
  })
})

/** Sends a request target as it is; `fetch` and supertest would tidy it up. */
async function fetchRaw(port: number, target: string): Promise<{ location: string }> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', path: target, headers: { accept: 'text/html' } },
      (response) => {
        response.resume()
        resolve({ location: response.headers.location ?? '' })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}
