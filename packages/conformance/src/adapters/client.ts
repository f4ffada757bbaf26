import { deepEqual, equal } from 'node:assert/strict'
import type { Bed } from './bed.js'
import { JSON_ONLY, jsonOf } from './browser.js'
import { assertStatus } from './site.js'

const LIFETIME_MS = 5_400_000

/** Declares the tests of what a handler does with Procore. */
export function testClient({ describe, test }: Bed): void {
  describe('client', () => {
    test('an expired token is renewed once for all who wait', async ({
      signedIn,
      mount,
      procore,
    }) => {
      const visitor = await signedIn()
      procore.expireAccessTokens()
      procore.faults.add({ kind: 'latency', on: 'token', ms: 30 })
      const users = await Promise.all(Array.from({ length: 10 }, () => mount.login(visitor)))
      deepEqual(new Set(users), new Set(['jim@example.com']))
      equal(procore.ledger.refreshes().length, 1)
      equal(procore.ledger.count({ reusedRefreshToken: true }), 0)
    })

    test('a token is renewed before it ends', async ({ signedIn, clock, mount, procore }) => {
      const visitor = await signedIn()
      clock.advance(LIFETIME_MS)
      equal(await mount.login(visitor), 'jim@example.com')
      equal(procore.ledger.refreshes().length, 1)
      equal(procore.ledger.count({ origin: 'api', status: 401 }), 0)
    })

    test('nobody has no client: one error, 401', async (site) => {
      const answer = await site.program().get('/me-unguarded')
      assertStatus(answer, 401)
      equal(answer.text, 'handled')
      equal(codeOf(site.errors(1)[0]), 'ERR_PROCORE_NOT_AUTHENTICATED')
      await site.assertNobody(site.browser())
    })

    test("Procore's errors reach the error handler once", async (site) => {
      const visitor = await site.signedIn()
      site.procore.faults.add({ kind: 'status', status: 422, on: 'me' })
      equal((await visitor.get('/me')).text, 'handled')
      equal(codeOf(site.errors(1)[0]), 'ERR_PROCORE_API')
      equal(await site.mount.login(visitor), 'jim@example.com')
    })

    test('the service account works for everybody', async ({ program, procore }) => {
      const answers = await Promise.all([1, 2, 3].map(() => program().get('/service')))
      for (const answer of answers) {
        assertStatus(answer, 200)
        equal(Array.isArray(jsonOf(answer)), true)
      }
      equal(procore.ledger.tokenRequests('client_credentials').length, 1)
    })

    test('procore is one object per request', async ({ browser }) => {
      equal(jsonOf(await browser().get('/one-object')), 1)
    })

    test('a grant that Procore ended asks for a new sign-in', async (site) => {
      const visitor = await site.signedIn()
      site.procore.revoke('jim@example.com')
      const failed = await visitor.get('/me')
      assertStatus(failed, 401)
      equal(codeOf(site.errors(1)[0]), 'ERR_PROCORE_REAUTHORIZATION_REQUIRED')
      const guarded = await visitor.get('/me')
      equal(site.mount.endOf(guarded), '/auth/procore/login?returnTo=%2Fme')
      const told = await visitor.get('/me', { accept: JSON_ONLY })
      assertStatus(told, 401)
      equal(Object(jsonOf(told)).error, 'ERR_PROCORE_NOT_CONNECTED')
      await site.mount.signIn(visitor, { from: site.mount.endOf(guarded) })
      equal(await site.mount.login(visitor), 'jim@example.com')
    })
  })
}

/** Returns the `code` of an error. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error
}
