import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Bed } from './bed.js'
import { jsonOf } from './browser.js'
import { codeOf } from './client.js'
import { assertStatus } from './site.js'

const CROSS_SITE = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
]

/** Declares the tests of ending a session, or a grant with it. */
export function testSignOut(bed: Bed): void {
  bed.describe('sign-out', () => {
    testDisconnect(bed)
    if (!bed.keepsSession) return
    testLogout(bed)
    testRoutes(bed)
  })
}

function testDisconnect({ test }: Bed): void {
  test('procore.disconnect() ends the grant', async (site) => {
    const visitor = await site.signedIn()
    const answer = await visitor.post('/end')
    assertStatus(answer, 200)
    equal(jsonOf(answer), 'ended')
    equal(site.mount.revocations, 1)
    ok(site.mount.endOf(await visitor.get('/me')).startsWith('/auth/procore/login?'))
    await site.mount.signIn(visitor)
    equal(await site.mount.login(visitor), 'jim@example.com')
  })

  test('procore.disconnect() of one user leaves the other', async ({ signedIn, mount }) => {
    const jim = await signedIn('jim@example.com')
    const ana = await signedIn('ana@example.com')
    assertStatus(await jim.post('/end'), 200)
    equal(await mount.login(ana), 'ana@example.com')
  })

  test('procore.disconnect() of nobody is an error', async (site) => {
    assertStatus(await site.browser().post('/end'), 401)
    equal(codeOf(site.errors(1)[0]), 'ERR_PROCORE_NOT_AUTHENTICATED')
  })
}

function testLogout({ test }: Bed): void {
  test('logout ends the session and keeps the grant', async (site) => {
    const visitor = await site.signedIn()
    const answer = await visitor.post(site.mount.route('logout'))
    assertStatus(answer, 303)
    equal(site.mount.endOf(answer), '/')
    await site.assertNobody(visitor)
    ok(site.mount.endOf(await visitor.get('/me')).startsWith('/auth/procore/login?'))
    equal(site.mount.revocations, 0)
  })

  test('logout ends at returnTo, and nowhere else', async ({ browser, mount }) => {
    for (const [returnTo, end] of [
      ['/bye?x=1', '/bye?x=1'],
      ['//evil.example', '/'],
      ['https://evil.example/', '/'],
    ] as const) {
      const answer = await browser().post(
        `${mount.route('logout')}?${new URLSearchParams({ returnTo })}`,
      )
      assertStatus(answer, 303)
      equal(mount.endOf(answer), end)
    }
  })

  test('logout tells a program 204', async ({ program, mount }) => {
    const answer = await program().post(mount.route('logout'))
    assertStatus(answer, 204)
    equal(answer.text, '')
  })

  test('procore.logout() leaves the answer to the handler', async (site) => {
    const visitor = await site.signedIn()
    const answer = await visitor.post('/sign-out')
    assertStatus(answer, 200)
    deepEqual(jsonOf(answer), { isAuthenticated: false })
    await site.assertNobody(visitor)
    equal(site.mount.revocations, 0)
  })
}

function testRoutes({ test }: Bed): void {
  test('disconnect ends the grant and the session', async (site) => {
    const visitor = await site.signedIn()
    const answer = await visitor.post(site.mount.route('disconnect'))
    assertStatus(answer, 303)
    equal(site.mount.revocations, 1)
    await site.assertNobody(visitor)
    assertStatus(await visitor.post(site.mount.route('disconnect')), 401)
  })

  test('disconnect keeps what Procore does not end', async (site) => {
    const visitor = await site.signedIn()
    site.procore.faults.add({ kind: 'silent-revoke', on: 'revoke' })
    assertStatus(await visitor.post(site.mount.route('disconnect')), 502)
    equal(await site.mount.login(visitor), 'jim@example.com')
    assertStatus(await visitor.post(site.mount.route('disconnect')), 303)
    await site.assertNobody(visitor)
  })

  test('another site can end nothing', async (site) => {
    const visitor = await site.signedIn()
    for (const headers of CROSS_SITE) {
      for (const name of ['logout', 'disconnect'] as const) {
        const answer = await visitor.post(site.mount.route(name), { headers })
        assertStatus(answer, 403)
        deepEqual(answer.cookies, [])
      }
    }
    equal(site.mount.revocations, 0)
    equal(await site.mount.login(visitor), 'jim@example.com')
  })
}
