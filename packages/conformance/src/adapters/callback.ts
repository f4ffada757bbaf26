import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict'
import type { SignIn } from '@procore-auth/core'
import type { Bed } from './bed.js'
import { type Browser, jsonOf } from './browser.js'
import { Gate } from './gate.js'
import { assertStatus, type Site } from './site.js'

const REFUSED = new Error('the application does not want this')

/** Declares the tests of everything that a callback may come to. */
export function testCallback(bed: Bed): void {
  bed.describe('callback', () => {
    testForeignCallbacks(bed)
    testProcoresAnswers(bed)
    testOnSignIn(bed)
    testLeaving(bed)
  })
}

/** Checks that a refusal has left the browser as it was, and that the next attempt works. */
async function assertNextWorks(site: Site, browser: Browser): Promise<void> {
  await site.assertNobody(browser)
  site.errors(0)
  await site.mount.signIn(browser)
  equal(await site.mount.login(browser), 'jim@example.com')
}

function testForeignCallbacks({ test, keepsSession }: Bed): void {
  test('who denies is refused, and may try again', async (site) => {
    const visitor = site.browser()
    const denied = await site.mount.authorize(visitor, { decision: 'deny' })
    site.assertRefused(await visitor.get(denied), 403)
    equal(site.mount.exchanges, 0)
    await assertNextWorks(site, visitor)
  })

  test('a callback of another browser is refused', async (site) => {
    const path = await site.mount.authorize(site.browser())
    const thief = site.browser()
    site.assertRefused(await thief.get(path), 403)
    await thief.get(site.mount.route('login'))
    site.assertRefused(await thief.get(path), 403)
    equal(site.mount.exchanges, 0)
    await assertNextWorks(site, thief)
  })

  test('a callback that nobody asked for is refused', async (site) => {
    const visitor = site.browser()
    const login = await visitor.get(site.mount.route('login'))
    const state = site.mount.askedOf(login).get('state') ?? ''
    const other = `${state.slice(1)}${state.startsWith('0') ? '1' : '0'}`
    const queries = [
      '',
      '?code=x',
      `?state=${state}`,
      `?code=x&state=${other}`,
      '?state=%&code=%zz',
    ]
    for (const query of [...queries, `?code=x&code=y&state=${state}`]) {
      const answer = await visitor.get(site.mount.route('callback') + query)
      // An application's route may take what carries no code for the beginning of a login.
      if (!keepsSession && !query.includes('code=') && answer.status === 302) continue
      ok([400, 403].includes(answer.status) || !keepsSession, `${answer.request} ${answer.status}`)
      ok(answer.status >= 400 && answer.status < 500, `${answer.request} ${answer.status}`)
    }
    equal(site.mount.exchanges, 0)
    equal(site.mount.endOf(await visitor.get(await site.mount.decide(login))), '/')
  })

  test('an error that somebody made up is not shown', async (site) => {
    const visitor = site.browser()
    const login = await visitor.get(site.mount.route('login'))
    const query = new URLSearchParams({
      error: '<script>evil()</script>',
      state: site.mount.askedOf(login).get('state') ?? '',
      error_description: 'evil\r\nset-cookie: evil=1',
    })
    const answer = await visitor.get(`${site.mount.route('callback')}?${query}`)
    site.assertRefused(answer, 502)
    doesNotMatch(answer.text + JSON.stringify(answer.headers), /evil/)
    await assertNextWorks(site, visitor)
  })

  test('a login that took too long is refused', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.clock.advance(1_800_001)
    site.assertRefused(await visitor.get(path), 403)
    equal(site.mount.exchanges, 0)
    await assertNextWorks(site, visitor)
  })

  test('a callback that is loaded again signs nobody else in', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    await visitor.get(path)
    await site.mount.signIn(visitor, { user: 'ana@example.com' })
    await visitor.get(path)
    equal(site.mount.exchanges, 2)
    equal(await site.mount.login(visitor), 'ana@example.com')
  })

  test('two hits at the same time are one sign-in', async (site) => {
    const visitor = site.browser()
    const from = `${site.mount.route('login')}?returnTo=/there`
    const path = await site.mount.authorize(visitor, { from })
    site.procore.faults.add({ kind: 'latency', on: 'token', ms: 50 })
    const hits = await Promise.all([visitor.get(path), visitor.get(path)])
    deepEqual(hits.map(site.mount.endOf, site.mount), ['/there', '/there'])
    equal(site.mount.exchanges, 1)
    equal(await site.mount.login(visitor), 'jim@example.com')
  })

  if (!keepsSession) return
  test('a program is told in JSON', async ({ program, mount }) => {
    const answer = await program().get(`${mount.route('callback')}?code=x&state=y`)
    assertStatus(answer, 403)
    match(answer.headers['content-type'] ?? '', /^application\/json/)
    const { error } = Object(jsonOf(answer))
    equal(error, 'ERR_PROCORE_STATE_MISMATCH')
  })
}

function testProcoresAnswers({ test }: Bed): void {
  test('a code that Procore rejects is refused', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.procore.clock.advance(700_000)
    site.assertRefused(await visitor.get(path), 400)
    equal(site.mount.exchanges, 1)
    await assertNextWorks(site, visitor)
  })

  test('a token endpoint that fails is told', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.procore.faults.add({ kind: 'html-error', status: 503, on: 'token' })
    site.assertRefused(await visitor.get(path), 502)
    equal(site.mount.exchanges, 1)
    await assertNextWorks(site, visitor)
  })

  test('a user whom Procore does not show is not signed in', async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    site.procore.faults.add({ kind: 'status', status: 500, on: 'me' })
    site.assertRefused(await visitor.get(path), 502)
    equal(site.mount.revocations, 1)
    await assertNextWorks(site, visitor)
  })
}

function testOnSignIn({ testWith }: Bed): void {
  let calls: SignIn[] = []
  const onSignIn = (signIn: SignIn): boolean => {
    calls.push(signIn)
    if (calls.length === 1) throw REFUSED
    return calls.length > 2
  }
  const setup = () => {
    calls = []
    return { options: { onSignIn } }
  }

  testWith('onSignIn may throw, and then refuse', setup, async (site) => {
    const visitor = site.browser()
    const thrown = await visitor.get(await site.mount.authorize(visitor))
    assertStatus(thrown, 500)
    equal(thrown.text, 'handled')
    deepEqual(site.errors(1), [REFUSED])
    await site.assertNobody(visitor)
    site.assertRefused(await visitor.get(await site.mount.authorize(visitor)), 403)
    equal(site.mount.revocations, 2)
    await assertNextWorks(site, visitor)
    equal(calls.length, 3)
  })

  testWith("onSignIn sees the framework's request", setup, async (site) => {
    const visitor = site.browser()
    await visitor.get(await site.mount.authorize(visitor))
    site.errors(1)
    const [signIn] = calls
    equal(signIn?.user.login, 'jim@example.com')
    equal(typeof signIn.request?.raw, 'object')
    ok(signIn.request?.url.startsWith(`${site.mount.route('callback')}?`))
  })
}

function testLeaving({ testWith }: Bed): void {
  let arrived = new Gate()
  let gone = new Gate()
  const waits = () => {
    arrived = new Gate()
    gone = new Gate()
    const untilGone = (): Promise<void> => {
      arrived.open()
      return gone.opened
    }
    return { options: { onSignIn: untilGone } }
  }

  testWith('a browser that leaves in the middle may come back', waits, async (site) => {
    const visitor = site.browser()
    const path = await site.mount.authorize(visitor)
    const leaving = new AbortController()
    const left = visitor.open('GET', path, { signal: leaving.signal }).catch(() => 'left')
    await arrived.opened
    leaving.abort()
    equal(await left, 'left')
    // Whoever is served now, the application has heard that the other one has left.
    for (const visit of [1, 2]) assertStatus(await visitor.get(`/plain?visit=${visit}`), 200)
    gone.open()
    equal(site.mount.endOf(await visitor.get(path)), '/')
    equal(site.mount.exchanges, 1)
    equal(await site.mount.login(visitor), 'jim@example.com')
  })
}
