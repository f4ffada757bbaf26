import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from 'node:assert/strict'
import type { Bed } from './bed.js'
import { jsonOf } from './browser.js'
import { assertStatus } from './site.js'

const FOREIGN = [
  '//evil.example/x',
  '/\\evil.example',
  '/\t/evil.example',
  'https://evil.example/',
  'http://localhost:4567@evil.example/',
  'javascript:alert(1)',
  'evil.example',
  '/x\r\nset-cookie: evil=1',
]

const home = () => ({ options: { defaultReturnTo: '/home' } })

/** Declares the tests of signing in where all goes well. */
export function testSignIn(bed: Bed): void {
  const { describe, test, testWith, keepsSession } = bed
  describe('sign-in', () => {
    test('login leads to Procore with the registered redirect URI', async ({ browser, mount }) => {
      const login = await browser().get(mount.route('login'))
      const asked = Object.fromEntries(mount.askedOf(login))
      const { state = '', ...rest } = asked
      deepEqual(rest, {
        response_type: 'code',
        client_id: mount.procore.app.clientId,
        redirect_uri: mount.redirectUri,
      })
      match(state, /^[0-9a-f]{32,}$/)
      const next = mount.askedOf(await browser().get(mount.route('login')))
      notEqual(next.get('state'), state)
    })

    test('who allows is signed in, at returnTo', async ({ browser, mount }) => {
      const visitor = browser()
      const from = `${mount.route('login')}?returnTo=${encodeURIComponent('/projects?page=2&x=%20')}`
      const answer = await mount.signIn(visitor, { from, user: 'ana@example.com' })
      equal(mount.endOf(answer), '/projects?page=2&x=%20')
      if (keepsSession) assertStatus(answer, 303)
      equal(await mount.login(visitor), 'ana@example.com')
      const who = jsonOf(await visitor.get('/who'))
      const [, ana] = mount.procore.users
      const user = { id: ana?.id, login: ana?.login, name: ana?.name }
      deepEqual(who, { isAuthenticated: true, ...(keepsSession && { user }) })
      equal(mount.exchanges, 1)
    })

    testWith('without returnTo it ends at the default', home, async ({ browser, mount }) => {
      equal(mount.endOf(await mount.signIn(browser())), '/home')
    })

    testWith('a returnTo elsewhere ends at the default', home, async ({ browser, mount }) => {
      for (const returnTo of FOREIGN) {
        const from = `${mount.route('login')}?${new URLSearchParams({ returnTo })}`
        equal(mount.endOf(await mount.signIn(browser(), { from })), '/home', returnTo)
      }
    })

    testWith('procore.login() leads to Procore and back', home, async ({ browser, mount }) => {
      const visitor = browser()
      const answer = await mount.signIn(visitor, { from: '/enter' })
      equal(mount.endOf(answer), '/there?page=2')
      equal(await mount.login(visitor), 'jim@example.com')
    })

    testWith('procore.login() leads nowhere else', home, async ({ browser, mount }) => {
      equal(mount.endOf(await mount.signIn(browser(), { from: '/enter-elsewhere' })), '/home')
    })

    test('five tabs finish in reverse order', async ({ browser, mount }) => {
      const visitor = browser()
      const tabs: string[] = []
      for (const tab of [1, 2, 3, 4, 5]) {
        const from = `${mount.route('login')}?returnTo=/${tab}`
        tabs.push(await mount.authorize(visitor, { from }))
      }
      const ends: string[] = []
      for (const tab of tabs.reverse()) ends.push(mount.endOf(await visitor.get(tab)))
      deepEqual(ends, ['/5', '/4', '/3', '/2', '/1'])
      equal(await mount.login(visitor), 'jim@example.com')
    })

    test('who signs in as somebody else is somebody else', async ({ signedIn, mount }) => {
      const visitor = await signedIn('jim@example.com')
      await mount.signIn(visitor, { user: 'ana@example.com' })
      equal(await mount.login(visitor), 'ana@example.com')
    })

    test('no code, state or token is left in an answer', async ({ browser, mount }) => {
      const visitor = browser()
      const callback = await mount.authorize(visitor)
      const answers = [await visitor.get(callback)]
      for (const path of ['/who', '/me', '/plain']) answers.push(await visitor.get(path))
      const { searchParams } = new URL(callback, mount.redirectUri)
      const secrets = [...searchParams.values()]
      equal(secrets.length, 2)
      for (const { request, headers, text } of answers) {
        const seen = JSON.stringify(headers) + text
        ok(!secrets.some((secret) => seen.includes(secret)), `${request} shows code or state`)
        // The tokens of the simulator: 64 hexadecimal digits.
        doesNotMatch(seen, /[0-9a-f]{64}/, `${request} shows a token`)
      }
    })

    test('cookies are kept from scripts and other sites', async ({ browser, mount }) => {
      const visitor = browser()
      const login = await visitor.get(mount.route('login'))
      const callback = await visitor.get(await mount.decide(login))
      const cookies = [...login.cookies, ...callback.cookies]
      const ours = cookies.filter((cookie) => /procore/.test(cookie))
      // The login begins and ends; a session of ours begins.
      if (keepsSession) equal(ours.length, 3, ours.join('\n'))
      for (const cookie of ours) match(cookie, /; Path=\/;(?:.*;)? HttpOnly; SameSite=Lax$/)
    })

    if (!keepsSession) return
    test('no answer is cached or tells where it came from', async ({ browser, mount }) => {
      const visitor = browser()
      const login = await visitor.get(mount.route('login'))
      const answers = [
        login,
        await visitor.get(await mount.decide(login)),
        await visitor.get(mount.route('callback')),
        await visitor.get(mount.route('logout')),
        await visitor.post(mount.route('logout')),
        await visitor.post(mount.route('disconnect')),
      ]
      for (const { request, headers } of answers) {
        equal(headers['cache-control'], 'no-store', request)
        equal(headers['referrer-policy'], 'no-referrer', request)
      }
    })
  })
}
