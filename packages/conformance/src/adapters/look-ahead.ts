import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Bed } from './bed.js'
import type { Answer } from './browser.js'
import { assertStatus, type Site } from './site.js'

const PREFETCHES = [
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender' },
  { purpose: 'prefetch' },
  { 'x-purpose': 'preview' },
  { 'x-moz': 'prefetch' },
]

/** Declares the tests of requests that must not do anything, or not what they ask for. */
export function testLookAhead({ describe, test, keepsSession }: Bed): void {
  describe('HEAD, OPTIONS and looking ahead', () => {
    test('a prefetch uses nothing up', async (site) => {
      const visitor = site.browser()
      const path = await site.mount.authorize(visitor)
      for (const headers of PREFETCHES) {
        for (const target of [path, site.mount.route('login')]) {
          assertNothing(await visitor.get(target, headers), site)
        }
      }
      equal(site.mount.endOf(await visitor.get(path)), '/')
      equal(site.mount.exchanges, 1)
    })

    test('HEAD uses nothing up', async (site) => {
      const visitor = site.browser()
      const path = await site.mount.authorize(visitor)
      for (const target of [path, site.mount.route('login')]) {
        const answer = await visitor.send('HEAD', target)
        assertNothing(answer, site)
        equal(answer.text, '')
      }
      equal(site.mount.endOf(await visitor.get(path)), '/')
      equal(site.mount.exchanges, 1)
    })

    test("HEAD of the application's routes stays its own", async ({ browser, runs }) => {
      const answer = await browser().send('HEAD', '/plain')
      assertStatus(answer, 200)
      equal(answer.text, '')
      deepEqual(runs, ['GET /plain'])
    })

    test('HEAD of a guarded route gets no further', async ({ browser, runs }) => {
      const answer = await browser().send('HEAD', '/me')
      assertStatus(answer, 401)
      equal(answer.text, '')
      equal(answer.headers.location, undefined)
      deepEqual(runs, [])
    })

    if (!keepsSession) return

    test('OPTIONS says what is allowed and uses nothing up', async (site) => {
      const visitor = site.browser()
      const path = await site.mount.authorize(visitor)
      for (const target of [path, site.mount.route('login')]) {
        const answer = await visitor.send('OPTIONS', target)
        assertNothing(answer, site)
        equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
      }
      for (const name of ['logout', 'disconnect'] as const) {
        const answer = await visitor.send('OPTIONS', site.mount.route(name))
        assertNothing(answer, site)
        equal(answer.headers.allow, 'POST, OPTIONS')
      }
      equal(site.mount.endOf(await visitor.get(path)), '/')
    })

    test('other methods of login and callback get 405', async (site) => {
      const visitor = site.browser()
      const path = await site.mount.authorize(visitor)
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        for (const target of [path, site.mount.route('login')]) {
          const answer = await visitor.send(method, target)
          assertStatus(answer, 405)
          equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
          deepEqual(answer.cookies, [])
        }
      }
      equal(site.mount.exchanges, 0)
    })

    test('logout and disconnect happen by POST alone', async (site) => {
      const visitor = await site.signedIn()
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        for (const name of ['logout', 'disconnect'] as const) {
          const answer = await visitor.send(method, site.mount.route(name))
          assertStatus(answer, 405)
          equal(answer.headers.allow, 'POST, OPTIONS')
        }
      }
      equal(site.mount.revocations, 0)
      equal(await site.mount.login(visitor), 'jim@example.com')
    })

    test("what is none of the routes is the application's", async (site) => {
      const visitor = site.browser()
      const others = ['', '/', '/other', '/login/', '/login/x', '/Login', '/%6cogin']
      for (const path of others.map((other) => `/auth/procore${other}`)) {
        assertStatus(await visitor.get(path), 404)
      }
      // Some frameworks hand what they do not find to their error handler.
      site.forgetErrors()
      assertStatus(await visitor.get('/plain?x=/auth/procore/login'), 200)
    })
  })
}

/** Checks that a request has neither done nor started anything. */
function assertNothing(answer: Answer, { session, mount }: Site): void {
  const { request, status, cookies } = answer
  if (session === 'adapter') assertStatus(answer, 204)
  else ok(status < 400, `${request}: ${status}`)
  deepEqual(
    cookies.filter((cookie) => /procore/.test(cookie)),
    [],
    request,
  )
  equal(mount.exchanges, 0, `${request} sent the code to Procore`)
}
