import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium } from './support/chromium.js'
import { freePort, type Running, startExample } from './support/example.js'

const JIM = { email: 'jim@example.com', password: 'jim-password', row: '"jim@example.com"]' }
const ANA = { email: 'ana@example.com', password: 'ana-password', row: '"ana@example.com"]' }

/** Set to a folder to keep pictures of the pages. */
const SCREENSHOTS = process.env['SCREENSHOTS']

describe.skipIf(!hasChromium)('signing in with a real browser', () => {
  let app: string
  let example: Running
  let browser: Browser
  let folder: string
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'procore-auth-'))
    const port = await freePort()
    app = `http://localhost:${port}`
    const env = { PORT: String(port), DATABASE: join(folder, 'test.db') }
    example = startExample('express-tutorial/dist/main.js', env)
    ;[browser] = await Promise.all([launchChromium(), example.printed(`Open ${app}`)])
  })

  afterAll(async () => {
    await browser?.close()
    const { code } = await example.stop()
    await rm(folder, { recursive: true, force: true })
    expect(code).toBe(0)
  })

  beforeEach(async () => {
    complaints = []
    context = await browser.newContext()
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    context.on('weberror', (error) => complaints.push(String(error.error())))
    page = await context.newPage()
  })

  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const picture = async (name: string): Promise<void> => {
    if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  }

  const logIn = async (tab: Page, user: typeof JIM): Promise<void> => {
    await tab.getByLabel('Email').fill(user.email)
    await tab.getByLabel('Password').fill(user.password)
    await tab.getByRole('button', { name: 'Log in' }).click()
  }

  const signUp = async (user: typeof JIM): Promise<void> => {
    await page.goto(app)
    await page.getByRole('link', { name: 'Sign Up with Procore' }).click()
    await logIn(page, user)
    const allow = page.getByRole('button', { name: 'Allow' })
    await allow.or(page.getByRole('heading', { name: 'Hello' })).waitFor()
    if (await allow.isVisible()) await allow.click()
    await page.waitForURL(`${app}/home`)
  }

  /** Chromium reports a page that is not a success as a failed resource. */
  const expectRefusal = async (code: string): Promise<void> => {
    await page.getByText(code).waitFor()
    expect(complaints.splice(0)).toEqual([
      'Failed to load resource: the server responded with a status of 403 (Forbidden)',
    ])
  }

  test('denying shows a page from which one can try again', async () => {
    await page.goto(`${app}/signin`)
    await page.getByRole('link', { name: 'Sign In with Procore' }).click()
    await logIn(page, ANA)
    await page.getByRole('button', { name: 'Deny' }).click()
    await picture('8-denied')
    await expectRefusal('ERR_PROCORE_ACCESS_DENIED')
    await page.getByRole('link', { name: 'Sign in with Procore' }).click()
    await page.getByRole('button', { name: 'Allow' }).waitFor()
  })

  test('a newcomer signs up: logs in, allows, and sees the new row', async () => {
    await page.goto(app)
    await picture('1-landing')
    await page.getByRole('link', { name: 'Sign Up with Procore' }).click()
    await picture('2-login')
    await logIn(page, JIM)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    await picture('3-consent')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${app}/home`)
    await picture('4-home')
    expect(await page.locator('#user').textContent()).toBe(`[1, 562949953430360, ${JIM.row}`)
    expect(page.url()).not.toMatch(/code|state/)
  })

  test('who signs in again is found, and another user gets a row of their own', async () => {
    await signUp(JIM)
    expect(await page.locator('#user').textContent()).toMatch(/^\[1, /)
    await context.clearCookies()
    await signUp(ANA)
    expect(await page.locator('#user').textContent()).toMatch(/^\[2, /)
    expect(await page.locator('#user').textContent()).toContain(ANA.row)
  })

  test('a wrong password is said, and the second try succeeds', async () => {
    await page.goto(`${app}/signin`)
    await picture('5-signin')
    await page.getByRole('link', { name: 'Sign In with Procore' }).click()
    await logIn(page, { ...JIM, password: 'wrong' })
    await page.getByRole('alert').waitFor()
    await picture('6-wrong-password')
    expect(complaints.splice(0).length).toBeLessThanOrEqual(1)
    await logIn(page, JIM)
    await page.waitForURL(`${app}/home`)
  })

  test('a protected page leads to Procore and back to itself', async () => {
    await page.goto(`${app}/home?week=47`)
    await logIn(page, JIM)
    await page.waitForURL(`${app}/home?week=47`)
  })

  test('signing out ends the session in all tabs', async () => {
    await signUp(JIM)
    const other = await context.newPage()
    await other.goto(`${app}/home`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${app}/`)
    await page.getByRole('link', { name: 'Sign Up with Procore' }).waitFor()
    await other.goto(app)
    await other.getByRole('link', { name: 'Sign Up with Procore' }).waitFor()
  })

  test('two tabs sign in side by side and end in reverse order', async () => {
    const second = await context.newPage()
    await page.goto(`${app}/home?tab=1`)
    await second.goto(`${app}/home?tab=2`)
    await logIn(second, JIM)
    await second.waitForURL(`${app}/home?tab=2`)
    await logIn(page, JIM)
    await page.waitForURL(`${app}/home?tab=1`)
  })

  test('a forged state is refused', async () => {
    await page.goto(`${app}/callback?code=abc&state=${'a'.repeat(64)}`)
    await picture('7-forged')
    await expectRefusal('ERR_PROCORE_STATE_MISMATCH')
  })

  test("a login of another browser is refused here, with its owner's state and code", async () => {
    await page.goto(`${app}/auth/procore/login`)
    const stranger = await browser.newContext()
    const theirs = await stranger.newPage()
    const callback = theirs.waitForRequest((request) => request.url().includes('/callback?'))
    await theirs.goto(`${app}/auth/procore/login`)
    await logIn(theirs, JIM)
    await page.goto((await callback).url())
    await stranger.close()
    await expectRefusal('ERR_PROCORE_STATE_MISMATCH')
    await page.goto(`${app}/home`)
    expect(page.url()).not.toBe(`${app}/home`)
  })

  test('disconnecting ends the session and takes the grant with it', async () => {
    await signUp(JIM)
    await page.getByRole('button', { name: 'Disconnect from Procore' }).click()
    await page.waitForURL(`${app}/`)
    await page.getByRole('link', { name: 'Sign Up with Procore' }).waitFor()
  })
})
