import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp, VERSIONS } from './support/app.js'

const [, { express }] = VERSIONS
let app: App

beforeAll(async () => {
  app = await startApp(express, { options: { defaultReturnTo: '/home' } })
})
afterAll(() => app.close())

async function endOf(query: string): Promise<string | undefined> {
  const browser = app.browser()
  const loginPath = `/auth/procore/login${query}`
  const answer = await browser.get(await app.authorize(browser, { loginPath })).expect(303)
  return answer.headers['location']
}

describe('sign-in ends', () => {
  it.each([
    '/',
    '/projects',
    '/projects/',
    '/projects?page=2&x=a%20b',
    '/projects#part',
    '/a/b/c.html',
    '/%C3%A9',
    '/a//b',
    '/?next=//evil.example',
    '/?next=https://evil.example',
    '/auth/procore',
    '/@evil.example',
    '/:80/x',
    '/a%0d%0ab',
    '/%2f/evil.example',
    `/${'a'.repeat(1000)}`,
  ])('where it was asked to: %s', async (path) => {
    expect(await endOf(`?returnTo=${encodeURIComponent(path)}`)).toBe(path)
  })

  it.each([
    ['another host', '//evil.example'],
    ['another host, with more slashes', '////evil.example'],
    ['another host, with a backslash', '/\\evil.example'],
    ['another host, with backslashes', '\\\\evil.example'],
    ['another host, with a backslash behind the path', '/x\\..\\\\evil.example'],
    ['another host, with a tab', '/\t/evil.example'],
    ['another host, with a line feed', '/\n/evil.example'],
    ['another host, with a line break', '/\r\n/evil.example'],
    ['another host, with a NUL', '/\0/evil.example'],
    ['another host, behind dots', '/.//evil.example'],
    ['another host, behind a step up', '/a/..//evil.example'],
    ['another host, behind an encoded step up', '/%2e%2e//evil.example'],
    ['another host, behind encoded dots', '/%2E//evil.example'],
    ['an absolute URL', 'https://evil.example/'],
    ['an absolute URL without slashes', 'https:evil.example'],
    ['an absolute URL of this origin', 'http://localhost:4567/x'],
    ['userinfo', 'http://localhost:4567@evil.example/'],
    ['a script', 'javascript:alert(1)'],
    ['a script in capitals', 'JaVaScRiPt:alert(1)'],
    ['a data URL', 'data:text/html,x'],
    ['a relative path', 'projects'],
    ['a query alone', '?x=1'],
    ['leading space', ' /projects'],
    ['leading full-width slash', '／evil.example'],
    ['a space inside', '/a b'],
    ['a character beyond ASCII', '/é'],
    ['a lone surrogate', '/\ud800'],
    ['a header', '/x\r\nset-cookie: evil=1'],
    ['nothing', ''],
    ['100 kB', `/${'a'.repeat(100_000)}`],
    ['the login route', '/auth/procore/login'],
    ['the login route with a query', '/auth/procore/login?returnTo=/x'],
    ['the login route with a fragment', '/auth/procore/login#x'],
    ['the login route behind dots', '/auth/./x/../procore/login'],
    ['the callback', '/auth/procore/callback?code=a&state=b'],
    ['logout', '/auth/procore/logout'],
    ['disconnect', '/auth/procore/disconnect'],
  ])('at the default, not at %s', async (_, value) => {
    const query = new URLSearchParams({ returnTo: value })
    expect(await endOf(`?${query}`)).toBe('/home')
  })

  it.each([
    ['no returnTo', ''],
    ['two of them', '?returnTo=/a&returnTo=/b'],
    ['a list', '?returnTo[]=/a'],
    ['broken escapes', '?returnTo=%zz%'],
    ['another name', '?return_to=/a'],
  ])('at the default with %s', async (_, query) => {
    expect(await endOf(query)).toBe('/home')
  })

  it('where req.procore.login() says, with the same care', async () => {
    const own = await startApp(express, {
      routes: (routes) => {
        routes.get('/enter', (req) => {
          const { to } = req.query
          req.procore.login(typeof to === 'string' ? { returnTo: to } : {})
        })
      },
    })
    for (const [to, end] of [
      ['/x', '/x'],
      ['//evil.example', '/'],
    ]) {
      const browser = own.browser()
      const loginPath = `/enter?to=${to}`
      const answer = await browser.get(await own.authorize(browser, { loginPath }))
      expect(answer.headers['location']).toBe(end)
    }
    await own.close()
  })

  it('and sign-out ends where it was asked to, with the same care', async () => {
    for (const [to, end] of [
      ['/bye?x=1', '/bye?x=1'],
      ['//evil.example', '/home'],
      ['/auth/procore/logout', '/home'],
    ]) {
      const answer = await app.browser().post(`/auth/procore/logout?returnTo=${to}`).expect(303)
      expect(answer.headers['location']).toBe(end)
    }
  })
})
