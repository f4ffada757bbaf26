import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium } from './support/chromium.js'
import { freePort, type Running, startExample } from './support/example.js'

/** The examples of adapters: the same two pages in each. */
const EXAMPLES = [
  { name: 'Koa', script: 'koa/dist/main.js' },
  { name: 'Fastify', script: 'fastify/dist/main.js' },
  { name: 'Hono', script: 'hono/dist/main.js' },
  { name: 'Passport', script: 'passport/dist/main.js' },
  { name: 'NestJS', script: 'nestjs/dist/main.js' },
]

/** Set to a folder to keep pictures of the pages. */
const SCREENSHOTS = process.env['SCREENSHOTS']

test('the README of fetch shows the middleware as the example for Hono has it', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  const [middleware] = /^const procore = createMiddleware[\s\S]*?^const signedIn.*$/m.exec(
    read('examples/hono/src/main.ts'),
  ) ?? ['missing']
  expect(read('packages/fetch/README.md')).toContain(middleware)
})

describe.skipIf(!hasChromium).each(EXAMPLES)('the example for $name', ({ name, script }) => {
  let app: string
  let example: Running
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    const port = await freePort()
    app = `http://localhost:${port}`
    example = startExample(script, { PORT: String(port) })
    ;[browser] = await Promise.all([launchChromium(), example.printed(`Open ${app}`)])
  })

  afterAll(async () => {
    await browser?.close()
    expect(await example.stop()).toMatchObject({ code: 0 })
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

  const login = () => page.getByRole('link', { name: 'Sign in with Procore' })
  const press = (button: string) => page.getByRole('button', { name: button }).click()
  const picture = async (what: string): Promise<void> => {
    if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}-${what}.png` })
  }
  const logIn = async (): Promise<void> => {
    await page.getByLabel('Email').fill('jim@example.com')
    await page.getByLabel('Password').fill('jim-password')
    await press('Log in')
  }

  test('signs in, shows what the API tells, signs out, in again, and disconnects', async () => {
    await page.goto(app)
    await picture('welcome')
    await login().click()
    await logIn()
    await press('Allow')
    await page.waitForURL(`${app}/projects`)
    await page.getByRole('heading', { name: 'Hello, Jim Example' }).waitFor()
    await picture('projects')
    expect(await page.getByRole('heading', { level: 2 }).count()).toBeGreaterThan(0)
    expect(await page.getByRole('listitem').count()).toBeGreaterThan(0)

    await press('Sign out')
    await page.waitForURL(`${app}/`)
    await login().click()
    await page.waitForURL(`${app}/projects`)

    await press('Disconnect')
    await page.waitForURL(`${app}/`)
    await page.goto(`${app}/projects`)
    await page.waitForURL(/\/projects$/)
    await page.getByRole('heading', { name: 'Hello, Jim Example' }).waitFor()
  })

  test('leads from a guarded page to login and back to it', async () => {
    await page.goto(`${app}/projects?week=47`)
    await logIn()
    await page.waitForURL(`${app}/projects?week=47`)
  })
})
