import { deepEqual, equal, ok } from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bed } from './bed.js'
import { jsonOf } from './browser.js'
import { Gate } from './gate.js'
import { assertStatus, type SiteSetup } from './site.js'

const BODY = JSON.stringify({ text: 'x'.repeat(20_000) })
const JSON_BODY = { body: BODY, headers: { 'content-type': 'application/json' } }
const OURS = ['cache-control', 'referrer-policy', 'set-cookie', 'content-security-policy', 'vary']
const PATIENCE_MS = 5_000

/** Declares the tests of what the adapter leaves alone. */
export function testCoexistence(bed: Bed): void {
  bed.describe('the rest of the application', () => {
    testAnswers(bed)
    testStreams(bed)
    testBodies(bed)
  })
}

function testAnswers({ test, testWith, keepsSession }: Bed): void {
  test('gets no header from the adapter', async ({ browser, signedIn }) => {
    const clients = [browser(), ...(keepsSession ? [await signedIn()] : [])]
    for (const client of clients) {
      const { headers } = await client.get('/plain')
      const added = OURS.filter((name) => name in headers)
      deepEqual(added, [], `GET /plain has ${added}`)
    }
  })

  const theirs = () => ({ cookie: 'theirs=1; Path=/' })
  testWith(
    'keeps its own cookies beside those of a sign-in',
    theirs,
    async ({ browser, mount }) => {
      const visitor = browser()
      const login = await visitor.get(mount.route('login'))
      deepEqual(namesOf(login.cookies), ['ours', 'theirs'])
      const callback = await visitor.get(await mount.decide(login))
      deepEqual(namesOf(callback.cookies), [...(keepsSession ? ['ours'] : []), 'ours', 'theirs'])
      const plain = await visitor.get('/plain')
      ok(namesOf(plain.cookies).includes('theirs'))
      equal(await mount.login(visitor), 'jim@example.com')
    },
  )

  if (!keepsSession) return
  testWith('keeps its own cookies beside procore.logout()', theirs, async ({ signedIn }) => {
    const answer = await (await signedIn()).post('/sign-out')
    deepEqual(namesOf(answer.cookies), ['ours', 'theirs'])
  })
}

/** Tells whose cookies are set, in alphabetical order; those of other sessions count for nothing. */
function namesOf(cookies: readonly string[]): string[] {
  const owners = cookies.map((cookie) => {
    if (cookie.startsWith('theirs=')) return 'theirs'
    return /^[^=]*procore/.test(cookie) ? 'ours' : ''
  })
  return owners.filter(Boolean).sort()
}

function testStreams({ testWith }: Bed): void {
  let seen = new Gate()
  const setup = (): SiteSetup => {
    seen = new Gate()
    const pieces = async function* (): AsyncGenerator<string> {
      yield 'first '
      await Promise.race([seen.opened, delay(PATIENCE_MS)])
      yield seen.isOpen ? 'second ' : 'nobody saw the first '
      yield 'third'
    }
    const answer = async () => ({ stream: pieces() })
    return { routes: [{ method: 'GET', path: '/stream', guarded: false, answer }] }
  }

  testWith('streams piece by piece', setup, async ({ signedIn }) => {
    const response = await (await signedIn()).open('GET', '/stream')
    equal(response.statusCode, 200)
    equal(await readAll(response, () => seen.open()), 'first second third')
    deepEqual(
      OURS.filter((name) => name !== 'vary' && name in response.headers),
      [],
    )
  })
}

async function readAll(response: IncomingMessage, onPiece: () => void): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    text += piece
    onPiece()
  }
  return text
}

function testBodies({ test, testWith, keepsSession }: Bed): void {
  for (const bodyParser of ['before', 'after'] as const) {
    testWith(
      `has its body parser ${bodyParser} the adapter`,
      () => ({ bodyParser }),
      async (site) => {
        const visitor = await site.signedIn()
        const echo = await visitor.post('/echo', JSON_BODY)
        assertStatus(echo, 200)
        deepEqual(jsonOf(echo), { body: JSON.parse(BODY) })
        assertStatus(await visitor.post('/guarded', JSON_BODY), 200)
        if (!keepsSession) return
        assertStatus(await visitor.post(site.mount.route('logout'), JSON_BODY), 303)
        await site.assertNobody(visitor)
      },
    )
  }

  test('may read no body at all', async (site) => {
    const visitor = await site.signedIn()
    assertStatus(await visitor.post('/guarded', JSON_BODY), 200)
    if (!keepsSession) return
    assertStatus(await visitor.post(site.mount.route('logout'), JSON_BODY), 303)
    await site.assertNobody(visitor)
  })
}
