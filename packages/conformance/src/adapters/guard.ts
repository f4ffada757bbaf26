import { deepEqual, equal, match } from 'node:assert/strict'
import type { Bed } from './bed.js'
import { jsonOf } from './browser.js'
import { assertStatus } from './site.js'

/** Declares the tests of the guard. */
export function testGuard({ describe, test }: Bed): void {
  describe('guard', () => {
    test('leads a browser to login, and back to its page', async ({ browser, mount }) => {
      const visitor = browser()
      const guarded = await visitor.get('/me?a=1&b=x')
      const from = mount.endOf(guarded)
      assertStatus(guarded, 302)
      equal(from, '/auth/procore/login?returnTo=%2Fme%3Fa%3D1%26b%3Dx')
      deepEqual(guarded.cookies, [])
      equal(mount.endOf(await mount.signIn(visitor, { from })), '/me?a=1&b=x')
      assertStatus(await visitor.get('/me?a=1&b=x'), 200)
    })

    test('tells a program 401 in JSON', async ({ program }) => {
      for (const accept of ['application/json', '*/*', 'text/plain']) {
        const answer = await program().get('/me', { accept })
        assertStatus(answer, 401)
        match(answer.headers['content-type'] ?? '', /^application\/json/)
        const { error } = Object(jsonOf(answer))
        equal(error, 'ERR_PROCORE_NOT_AUTHENTICATED')
        equal(answer.headers.location, undefined)
      }
    })

    test('tells a form 401, which no login brings back', async ({ browser }) => {
      const answer = await browser().post('/guarded')
      assertStatus(answer, 401)
      equal(answer.headers.location, undefined)
    })

    test('runs no handler of a request that it answers', async ({
      browser,
      program,
      mount,
      runs,
    }) => {
      const visitor = browser()
      await visitor.get('/me')
      await visitor.post('/guarded')
      await program().get('/me')
      deepEqual(runs, [])
      await mount.signIn(visitor)
      assertStatus(await visitor.get('/me'), 200)
      assertStatus(await visitor.post('/guarded'), 200)
      deepEqual(runs, ['GET /me', 'POST /guarded'])
    })

    test('asks Procore nothing about a user it knows', async ({ signedIn, procore }) => {
      const visitor = await signedIn()
      procore.ledger.clear()
      for (let visit = 0; visit < 3; visit += 1) assertStatus(await visitor.post('/guarded'), 200)
      equal(procore.ledger.count(), 0)
    })
  })
}
