import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium } from './support/chromium.js'
import { freePort, type Running, runExample, startExample } from './support/example.js'
import { isReachable } from './support/services.js'

const SCRIPT = 'cluster/dist/main.js'
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'
const PATIENCE = { timeout: 15_000 } as const

/** Set to a folder to keep pictures of the pages. */
const SCREENSHOTS = process.env['SCREENSHOTS']

interface Store {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly isThere: boolean
  /** Names of what begins with a name. */
  find(name: string): Promise<readonly unknown[]>
}

const STORES: readonly Store[] = [
  {
    name: 'Redis',
    env: { REDIS_URL },
    isThere: await isReachable('Redis', REDIS_URL),
    find: async (name) => {
      const redis = new Redis(REDIS_URL)
      const keys = await redis.keys(`${name}*`)
      redis.disconnect()
      return keys
    },
  },
  {
    name: 'PostgreSQL',
    env: { POSTGRES_URL },
    isThere: await isReachable('PostgreSQL', POSTGRES_URL),
    find: async (name) => {
      const client = new pg.Client({ connectionString: POSTGRES_URL })
      await client.connect()
      const query = 'SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)'
      const { rows } = await client.query(query, [name])
      await client.end()
      return rows
    },
  },
]

describe.skipIf(!hasChromium).each(STORES.filter(({ isThere }) => isThere))(
  'the cluster on $name',
  (store) => {
    const name = `test_${randomBytes(6).toString('hex')}`
    let app: string
    let example: Running
    let browser: Browser
    let page: Page
    const complaints: string[] = []

    beforeAll(async () => {
      const port = await freePort()
      app = `http://localhost:${port}`
      example = startExample(SCRIPT, { ...store.env, PORT: String(port), CLUSTER_NAME: name })
      ;[browser] = await Promise.all([launchChromium(), example.printed(`Open ${app}`)])
      page = await signIn(await browser.newContext())
    }, 60_000)

    afterAll(async () => {
      await browser?.close()
      await example?.stop()
    }, 60_000)

    const signIn = async (context: BrowserContext): Promise<Page> => {
      context.on('console', (message) => complaints.push(message.text()))
      const tab = await context.newPage()
      await tab.goto(app)
      await picture(tab, 'cluster-1-welcome')
      await tab.getByRole('link', { name: 'Sign in with Procore' }).click()
      const email = tab.getByLabel('Email')
      const allow = tab.getByRole('button', { name: 'Allow' })
      const hello = tab.getByRole('heading', { name: 'Hello, Jim Example' })
      await email.or(allow).or(hello).waitFor()
      if (await email.isVisible()) {
        await email.fill('jim@example.com')
        await tab.getByLabel('Password').fill('jim-password')
        await tab.getByRole('button', { name: 'Log in' }).click()
      }
      await allow.or(hello).waitFor()
      if (await allow.isVisible()) await allow.click()
      await hello.waitFor()
      return tab
    }

    const press = async (button: string): Promise<void> => {
      await Promise.all([
        page.waitForEvent('load'),
        page.getByRole('button', { name: button, exact: true }).click(),
      ])
    }

    /** What the rows of a table say, cell by cell. */
    const rows = async (table: string): Promise<string[][]> => {
      const found = await page.locator(`${table} tbody tr`).all()
      return Promise.all(found.map((row) => row.locator('th, td').allTextContents()))
    }

    const processIds = async (): Promise<number[]> =>
      (await rows('#processes')).map(([, id]) => Number(id)).filter(Number.isInteger)

    test('four processes take turns on one port', async () => {
      const seen = new Set<string | undefined>()
      await expect
        .poll(async () => {
          const html = await (await fetch(app)).text()
          return seen.add(/id="pid">(\d+)/.exec(html)?.[1]).size
        }, PATIENCE)
        .toBe(4)
    })

    test('five processes with 40 calls each on one expired token send one refresh', async () => {
      await press('Do both at once')
      await picture(page, 'cluster-2-board')
      expect(await page.locator('#figures').textContent()).toMatch(
        /^5 processes, 20\d calls, 1 refresh$/,
      )
      await page.getByText('No call failed.').waitFor()
      expect(await page.locator('#refreshes').textContent()).toContain(
        'The processes report 1 in all; Procore counts 1.',
      )
      const counts = (await rows('#processes')).map(([, , calls]) => Number(calls))
      expect(Math.min(...counts)).toBe(40)
    })

    test('an expired token is renewed once also when nobody calls but the worker', async () => {
      await press('Expire the access token')
      await expect
        .poll(async () => {
          await page.goto(app)
          return page.locator('#figures').textContent()
        }, PATIENCE)
        .toMatch(/^1 process, \d calls?, 1 refresh$/)
      expect((await rows('#calls'))[0]).toMatchObject({ 1: 'worker', 3: 'its job' })
      await press('Call Procore 40 times from every process')
      expect(await page.locator('#figures').textContent()).toMatch(/ 1 refresh$/)
      expect(await page.locator('#refreshes').textContent()).toContain(
        'The processes report 2 in all; Procore counts 2.',
      )
    })

    test('a process that is killed is replaced, and everybody stays signed in', async () => {
      const victim = Number(await page.locator('#pid').textContent())
      process.kill(victim, 'SIGKILL')
      await example.printed(`(process ${victim}) ended; another one takes its place.`)
      await page.goto(app)
      await page.getByRole('heading', { name: 'Hello, Jim Example' }).waitFor()
      await expect
        .poll(async () => {
          await page.goto(app)
          return processIds()
        }, PATIENCE)
        .toHaveLength(5)
      expect(await processIds()).not.toContain(victim)
      await press('Do both at once')
      expect(await page.locator('#figures').textContent()).toMatch(/^5 processes, .* 1 refresh$/)
    })

    test('a form of another site or port is refused', async () => {
      for (const site of ['cross-site', 'same-site']) {
        const headers = { 'sec-fetch-site': site }
        const { status } = await fetch(`${app}/expire`, { method: 'POST', headers })
        expect(status).toBe(403)
      }
      expect((await fetch(`${app}/expire`, { method: 'POST' })).status).toBe(401)
    })

    test('who disconnects in one process is disconnected in all of them', async () => {
      const other = await signIn(await browser.newContext())
      await press('Disconnect from Procore')
      for (let visit = 0; visit < 4; visit += 1) {
        await other.goto(app)
        await other.getByText('Your connection to Procore has ended.').waitFor()
      }
      page = await signIn(page.context())
    })

    test('Ctrl+C ends every process and leaves nothing behind', async () => {
      const ids = await processIds()
      expect(ids).toHaveLength(5)
      expect(await store.find(name)).not.toEqual([])
      const { code, output } = await example.stop()
      expect(code).toBe(0)
      expect(complaints).toEqual([])
      expect(ids.filter(isRunning)).toEqual([])
      expect(await store.find(name)).toEqual([])
      expect(output).not.toMatch(/[0-9a-f]{32}|Error/)
    })
  },
)

test('the cluster says which store does not answer and ends with 1', async () => {
  const port = await freePort()
  for (const env of [
    { REDIS_URL: `redis://:a-password@127.0.0.1:${port}` },
    { POSTGRES_URL: `postgres://postgres:a-password@127.0.0.1:${port}/test` },
  ]) {
    const { code, output } = await runExample(SCRIPT, { ...env, PORT: String(port) })
    expect(code).toBe(1)
    expect(output).toContain(`The shared store at 127.0.0.1:${port} does not answer`)
    expect(output).not.toContain('a-password')
    expect(output.trim().split('\n')).toHaveLength(1)
  }
})

async function picture(page: Page, name: string): Promise<void> {
  const path = join(SCREENSHOTS ?? '', `${name}.png`)
  if (SCREENSHOTS) await page.screenshot({ path, fullPage: true })
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
