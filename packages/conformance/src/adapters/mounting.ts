import { deepEqual, equal, match } from 'node:assert/strict'
import type { Bed } from './bed.js'
import { assertStatus, type Site } from './site.js'

const router = () => ({ paths: ['/portal'] })
const proxy = () => ({
  stripped: '/portal',
  redirectUri: 'https://app.example.com/portal/auth/procore/callback',
})
const offload = () => ({ redirectUri: 'https://app.example.com/auth/procore/callback' })

/** Declares the tests of the places where an adapter can be. */
export function testMounting(bed: Bed): void {
  const { describe, testWith, keepsSession } = bed
  describe('mounting', () => {
    testWith('in a router: there and back', router, (site) => thereAndBack(site))

    testWith('in a router: nothing is served outside', router, async (site) => {
      const visitor = site.browser()
      assertStatus(await visitor.get('/auth/procore/login'), 404)
      assertStatus(await visitor.get('/me'), 404)
      site.forgetErrors()
      equal(site.mount.endOf(await site.mount.signIn(visitor)), '/')
    })

    testWith('behind a proxy that strips a prefix: there and back', proxy, async (site) => {
      await thereAndBack(site)
      const from = `${site.mount.route('login')}?returnTo=/projects`
      const answer = await site.mount.signIn(site.browser(), { from })
      equal(site.mount.endOf(answer), '/portal/projects')
    })

    testWith('behind TLS offload: there and back', offload, (site) => thereAndBack(site))

    testWith('behind TLS offload: cookies are bound to the host', offload, async (site) => {
      const visitor = site.browser()
      const plain = { 'x-forwarded-proto': 'http' }
      const login = await visitor.get(site.mount.route('login'), plain)
      const callback = await visitor.get(await site.mount.decide(login), plain)
      const cookies = [...login.cookies, ...callback.cookies]
      const ours = cookies.filter((cookie) => /procore/.test(cookie))
      if (keepsSession) equal(ours.length, 3, ours.join('\n'))
      for (const cookie of ours) {
        match(cookie, /^__Host-procore-[^;]*;.*; Path=\/;(?:.*;)? HttpOnly; Secure; SameSite=Lax$/)
      }
      equal(await site.mount.login(visitor), 'jim@example.com')
    })

    testWith(
      'the callback is where the redirect URI says',
      () => ({ redirectUri: 'http://localhost:4567/oauth/return' }),
      async (site) => {
        await thereAndBack(site)
        const login = await site.browser().get(site.mount.route('login'))
        equal(site.mount.askedOf(login).get('redirect_uri'), site.mount.redirectUri)
        assertStatus(await site.browser().get('/auth/procore/callback'), 404)
        site.forgetErrors()
      },
    )

    if (!keepsSession) return
    testWith(
      'the routes are where basePath says',
      () => ({
        redirectUri: 'http://localhost:4567/sign/callback',
        options: { basePath: '/sign' },
      }),
      async (site) => {
        const visitor = site.browser()
        const guarded = site.mount.endOf(await visitor.get('/me'))
        equal(guarded, '/sign/login?returnTo=%2Fme')
        equal(site.mount.endOf(await site.mount.signIn(visitor, { from: guarded })), '/me')
        assertStatus(await visitor.post('/sign/logout'), 303)
        assertStatus(await visitor.get('/auth/procore/login'), 404)
        site.forgetErrors()
        await site.assertNobody(visitor)
      },
    )
  })
}

/** From a guarded page to login, to Procore, and back to the page; then out again. */
async function thereAndBack(site: Site): Promise<void> {
  const { mount } = site
  const visitor = site.browser()
  const page = mount.at('/me?a=1')
  const from = mount.endOf(await visitor.get(page))
  equal(from.split('?')[0], mount.route('login'))
  const callback = await mount.authorize(visitor, { from })
  equal(callback.split('?')[0], mount.route('callback'))
  equal(mount.endOf(await visitor.get(callback)), page)
  equal(await mount.login(visitor), 'jim@example.com')
  if (site.session === 'adapter') {
    const out = await visitor.post(`${mount.route('logout')}?returnTo=${mount.at('/bye')}`)
    assertStatus(out, 303)
    equal(mount.endOf(out), mount.at('/bye'))
    await site.assertNobody(visitor)
  }
  deepEqual(
    site.runs.filter((run) => run === 'GET /me'),
    ['GET /me'],
  )
}
