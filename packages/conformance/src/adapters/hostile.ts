import { doesNotMatch, equal, ok } from 'node:assert/strict'
import type { Bed } from './bed.js'
import type { Answer, Browser } from './browser.js'
import { assertStatus, type Site } from './site.js'

const HOSTILE = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '666',
  'x-forwarded-for': 'evil.example',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-path': '/evil',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  'x-http-method-override': 'POST',
  forwarded: 'host=evil.example;proto=http',
  referer: 'https://evil.example/',
}

const COOKIES = [';;;;', '=', '=;=', 'a', 'a=b; a=c; =d', '__proto__=x; constructor=y', '%=%; "="']

const https = () => ({ redirectUri: 'https://app.example.com/auth/procore/callback' })

/** Declares the tests of headers that lie. */
export function testHostileHeaders({ describe, test, testWith, keepsSession }: Bed): void {
  describe('hostile headers', () => {
    test('Host and X-Forwarded-* decide no address', signsInDespite)

    testWith('nor do they behind TLS offload', https, signsInDespite)

    test('they turn up in no error', async ({ browser, program, mount }) => {
      const path = `${mount.route('callback')}?code=x&state=y`
      for (const client of [browser(), program()]) assertClean(await client.get(path, HOSTILE))
      assertClean(await program().get('/me', HOSTILE))
    })

    test('no Cookie header makes a request fail', async (site) => {
      const { browser, mount } = site
      for (const cookie of COOKIES) {
        for (const path of [
          '/plain',
          '/who',
          '/me',
          mount.route('login'),
          mount.route('callback'),
        ]) {
          const { status } = await browser().get(path, { cookie })
          ok(status < 500, `GET ${path} with the cookies ${cookie}: ${status}`)
        }
        await site.assertNobody(browser())
      }
    })

    if (!keepsSession) return
    test('a session cookie that was changed names nobody', async ({ browser, mount }) => {
      const callback = await mount.signIn(browser())
      const cookie = callback.cookies.find((one) => /session/.test(one))?.split(';')[0] ?? ''
      const at = cookie.length - 20
      const changed = cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1)
      assertStatus(await browser().get('/me', { cookie }), 200)
      assertStatus(await browser().get('/me', { cookie: changed }), 302)
    })
  })
}

/** Signs in with lying headers on every request. */
async function signsInDespite({ browser, mount }: Site): Promise<void> {
  const visitor = browser()
  const get = async (path: string): Promise<Answer> => assertClean(await lie(visitor, path))
  const guarded = await get('/me')
  equal(mount.endOf(guarded), '/auth/procore/login?returnTo=%2Fme')
  const login = await get(mount.endOf(guarded))
  equal(mount.askedOf(login).get('redirect_uri'), mount.redirectUri)
  const callback = await get(await mount.decide(login))
  equal(mount.endOf(callback), '/me')
  assertStatus(await get('/me'), 200)
}

function lie(browser: Browser, path: string): Promise<Answer> {
  return browser.get(path, HOSTILE)
}

function assertClean(answer: Answer): Answer {
  doesNotMatch(answer.text + JSON.stringify(answer.headers), /evil/, answer.request)
  return answer
}
