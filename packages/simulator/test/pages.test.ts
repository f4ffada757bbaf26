import { describe, expect, it } from 'vitest'
import type { Simulator } from '../src/index.js'
import { authorizePath, Browser, openConsent, type View } from './support/browser.js'
import { outOfBand, start } from './support/simulator.js'

const attack = '"><script>alert(1)</script>'

async function openAll(procore: Simulator): Promise<readonly View[]> {
  const browser = new Browser(procore.loginOrigin)
  const login = await browser.get('/login')
  const wrong = await browser.submit(login, 'Log in', { email: attack, password: 'x' })
  const { browser: signedIn, page: consent } = await openConsent(procore, {
    redirect_uri: outOfBand,
    state: attack,
  })
  const allowed = await signedIn.submit(consent, 'Allow')
  const native = await signedIn.get(allowed.location ?? '')
  const error = await signedIn.get(authorizePath(procore, { client_id: attack }))
  const home = await signedIn.get('/')
  return [login, wrong, consent, native, error, home]
}

describe('every page', () => {
  it('has a language, a title, one heading and the mark of the simulator', async () => {
    for (const { text } of await openAll(await start())) {
      expect(text).toContain('<html lang="en">')
      expect(text).toMatch(/<title>[^<]+ – Offline Procore simulator<\/title>/)
      expect(text.match(/<h1>/g)).toHaveLength(1)
      expect(text).toContain('Offline Procore simulator – no real account is used')
      expect(text).toContain('<link rel="icon" href="data:,">')
    }
  })

  it('cannot be framed, loads nothing and runs nothing', async () => {
    for (const { headers, text } of await openAll(await start())) {
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('form-action')
      expect(policy).not.toContain('unsafe-inline')
      expect(text).not.toMatch(/<script|src=|https?:\/\/(?!localhost)/)
    }
  })

  it('escapes what comes from outside', async () => {
    const [, wrong, consent] = await openAll(await start())
    for (const page of [wrong, consent]) {
      expect(page?.text).toContain('&quot;&gt;&lt;script&gt;')
      expect(page?.text).not.toContain('<script>')
    }
  })
})

describe('the login page', () => {
  it('lists the accounts with their passwords', async () => {
    const procore = await start()
    const { text } = await new Browser(procore.loginOrigin).get('/login')
    for (const { login, password } of procore.users) {
      expect(text).toContain(login)
      expect(text).toContain(password)
    }
  })

  it('labels its fields and tells the browser what they are', async () => {
    const procore = await start()
    const { text } = await new Browser(procore.loginOrigin).get('/login')
    expect(text).toContain('<label for="email">Email</label>')
    expect(text).toMatch(/<input id="email"[^>]*autocomplete="username"/)
    expect(text).toContain('<label for="password">Password</label>')
    expect(text).toMatch(/<input id="password"[^>]*autocomplete="current-password"/)
  })

  it('announces a wrong password and links it to the fields', async () => {
    const procore = await start()
    const browser = new Browser(procore.loginOrigin)
    const page = await browser.get('/login')
    expect(page.text).not.toContain('role="alert"')
    const { text } = await browser.submit(page, 'Log in', { email: 'jim@example.com' })
    expect(text).toContain('id="login-error" role="alert"')
    expect(text.match(/aria-describedby="login-error"/g)).toHaveLength(2)
    expect(text).toContain('value="jim@example.com"')
  })

  it('sets a session cookie that scripts cannot read', async () => {
    const procore = await start()
    const { headers } = await new Browser(procore.loginOrigin).get('/login')
    expect(headers.get('set-cookie')).toMatch(
      /^_procore_simulator_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  it('starts a new session with the login', async () => {
    const procore = await start()
    const browser = new Browser(procore.loginOrigin)
    const page = await browser.get('/login')
    const [user] = procore.users
    const sent = await browser.submit(page, 'Log in', {
      email: user?.login ?? '',
      password: user?.password ?? '',
    })
    const id = (view: View) => /session=(\w+)/.exec(view.headers.get('set-cookie') ?? '')?.[1]
    expect(id(sent)).toMatch(/^[0-9a-f]{64}$/)
    expect(id(sent)).not.toBe(id(page))
  })

  it('has an icon that is no error', async () => {
    const procore = await start()
    expect((await fetch(`${procore.loginOrigin}/favicon.ico`)).status).toBe(204)
    expect((await fetch(`${procore.apiOrigin}/favicon.ico`)).status).toBe(204)
  })
})

describe('the consent page', () => {
  it('names the application and the user', async () => {
    const { page } = await openConsent(await start())
    expect(page.text).toContain('Example app wants to access your Procore account')
    expect(page.text).toContain('<strong>Jim Example</strong> (jim@example.com)')
    expect(page.text).toContain('Sign in as another user')
  })

  it('offers Allow and Deny', async () => {
    const { page } = await openConsent(await start())
    expect(page.text).toContain('>Allow</button>')
    expect(page.text).toContain('>Deny</button>')
  })
})
