import { deepEqual, doesNotMatch, equal } from 'node:assert/strict'
import type { Bed } from './bed.js'
import type { Answer, Browser } from './browser.js'
import { codeOf } from './client.js'
import { assertStatus, type Site } from './site.js'

/** Declares the tests of a store that fails under the adapter. */
export function testStoreErrors(bed: Bed): void {
  bed.describe('store errors', () => {
    testAtCallback(bed)
    testBehindTheSession(bed)
    testElsewhere(bed)
  })
}

/** Checks that an answer is the error handler's, and that it was called once. */
function assertHandled(site: Site, answer: Answer): void {
  equal(codeOf(site.errors(1)[0]), 'ERR_PROCORE_STORE_UNAVAILABLE')
  assertStatus(answer, 503)
  equal(answer.text, 'handled')
  doesNotMatch(JSON.stringify(answer.headers), /canary/)
}

function testAtCallback({ test }: Bed): void {
  for (const method of ['acquireLease', 'get', 'put'] as const) {
    test(`${method} fails at the callback: one error`, async (site) => {
      const visitor = site.browser()
      const path = await site.mount.authorize(visitor)
      site.store.failing = [method]
      assertHandled(site, await visitor.get(path))
      site.store.failing = []
      await site.assertNobody(visitor)
      await site.mount.signIn(visitor)
      equal(await site.mount.login(visitor), 'jim@example.com')
    })
  }

  test('a store that throws at once is one that fails', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.store.throwsAtOnce = true
    site.store.failing = ['acquireLease']
    assertHandled(site, await visitor.get(path))
    site.store.failing = ['put']
    assertHandled(site, await visitor.get(path))
  })

  test('a callback may come again once the store is back', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.store.failing = ['acquireLease']
    assertHandled(site, await visitor.get(path))
    equal(site.mount.exchanges, 0)
    site.store.failing = []
    site.mount.endOf(await visitor.get(path))
    equal(await site.mount.login(visitor), 'jim@example.com')
  })
}

/** Returns a browser with a session whose grant is gone, so that the store has to be asked. */
async function withoutGrant(site: Site): Promise<Browser> {
  const visitor = await site.signedIn()
  assertStatus(await (await site.signedIn()).post('/end'), 200)
  return visitor
}

function testBehindTheSession({ test }: Bed): void {
  test('get fails at the guard: one error, no handler', async (site) => {
    const visitor = await withoutGrant(site)
    site.runs.length = 0
    site.store.failing = ['get']
    assertHandled(site, await visitor.get('/me'))
    deepEqual(site.runs, [])
    site.store.failing = []
    assertStatus(await visitor.get('/me'), 302)
  })

  test('get fails in a handler: one error', async (site) => {
    const visitor = await withoutGrant(site)
    site.store.failing = ['get']
    assertHandled(site, await visitor.get('/me-unguarded'))
  })

  test('no refresh without the store: one error, then it works', async (site) => {
    const visitor = await site.signedIn()
    site.procore.expireAccessTokens()
    site.store.failing = ['acquireLease']
    assertHandled(site, await visitor.get('/me'))
    equal(site.procore.ledger.refreshes().length, 0)
    site.store.failing = []
    equal(await site.mount.login(visitor), 'jim@example.com')
  })

  test('procore.disconnect() without the store: one error', async (site) => {
    const visitor = await site.signedIn()
    site.store.failing = ['acquireLease']
    assertHandled(site, await visitor.post('/end'))
    equal(site.mount.revocations, 0)
    site.store.failing = []
    equal(await site.mount.login(visitor), 'jim@example.com')
  })
}

function testElsewhere({ test, testWith, keepsSession }: Bed): void {
  test('nothing else needs the store', async (site) => {
    site.store.failing = ['get', 'put', 'delete', 'acquireLease', 'releaseLease']
    const visitor = site.browser()
    site.mount.askedOf(await visitor.get(site.mount.route('login')))
    assertStatus(await visitor.get('/plain'), 200)
    await site.assertNobody(visitor)
  })

  if (!keepsSession) return
  test('the disconnect route without the store: one error', async (site) => {
    const visitor = await site.signedIn()
    site.store.failing = ['acquireLease']
    assertHandled(site, await visitor.post(site.mount.route('disconnect')))
    site.store.failing = []
    equal(await site.mount.login(visitor), 'jim@example.com')
  })

  const thrown = new Error('the session of the application is away')
  const principal = (): string => {
    throw thrown
  }
  testWith(
    'principal throws: one error where it is asked',
    () => ({ options: { principal } }),
    async (site) => {
      const visitor = site.browser()
      assertStatus(await visitor.get('/plain'), 200)
      for (const path of [site.mount.route('login'), '/me', '/who', '/enter']) {
        assertStatus(await visitor.get(path), 500)
        deepEqual(site.errors(1), [thrown], path)
      }
      for (const name of ['logout', 'disconnect'] as const) {
        assertStatus(await visitor.post(site.mount.route(name)), 500)
        deepEqual(site.errors(1), [thrown], name)
      }
    },
  )
}
