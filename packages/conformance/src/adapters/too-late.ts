import { equal, ok } from 'node:assert/strict'
import type { ProcoreContext } from '@procore-auth/core'
import type { Bed } from './bed.js'
import type { Browser } from './browser.js'
import { codeOf } from './client.js'
import { Gate } from './gate.js'
import type { AppAnswer, AppRoute } from './subject.js'

const SENT = 'ERR_PROCORE_HEADERS_SENT'
const DONE = 'it was done'

/** Declares the tests of handlers that go on when the browser has their answer. */
export function testTooLate({ describe, testWith, keepsSession }: Bed): void {
  for (const [when, path] of [
    ['an answer', '/late'],
    ['the beginning of a stream', '/late-stream'],
  ] as const) {
    describe(`after ${when}`, () => {
      const logout = new Latecomer((procore) => procore.logout())
      const disconnect = new Latecomer((procore) => procore.disconnect())
      const login = new Latecomer((procore) => procore.login())

      testWith(
        'procore.disconnect() ends the grant, and says what it cannot',
        disconnect.setup,
        async (site) => {
          const visitor = await site.signedIn()
          equal(await disconnect.outcomeFor(visitor, path), keepsSession ? SENT : DONE)
          equal(site.mount.revocations, 1)
          ok(site.mount.endOf(await visitor.get('/me')).startsWith('/auth/procore/login?'))
        },
      )

      testWith('procore.login() is an error', login.setup, async (site) => {
        equal(await login.outcomeFor(site.browser(), path), SENT)
      })

      if (!keepsSession) return
      testWith('procore.logout() is an error, and ends nothing', logout.setup, async (site) => {
        const visitor = await site.signedIn()
        equal(await logout.outcomeFor(visitor, path), SENT)
        equal(await site.mount.login(visitor), 'jim@example.com')
      })
    })
  }
}

/** Two routes whose handlers do something only when the browser has seen their answer. */
class Latecomer {
  readonly #work: (procore: ProcoreContext) => unknown
  #seen = new Gate()
  #outcome: Promise<unknown> = Promise.resolve()

  constructor(work: (procore: ProcoreContext) => unknown) {
    this.#work = work
  }

  readonly setup = (): { readonly routes: readonly AppRoute[] } => ({
    routes: [
      this.#route('/late', () => ({ json: 'sent' })),
      this.#route('/late-stream', () => ({ stream: this.#pieces() })),
    ],
  })

  /** Returns what came of it: the code of an error, or that there was none. */
  async outcomeFor(browser: Browser, path: string): Promise<unknown> {
    const response = await browser.open('GET', path)
    this.#seen.open()
    const outcome = await this.#outcome
    response.resume()
    return outcome
  }

  #route(path: string, answer: () => AppAnswer): AppRoute {
    return {
      method: 'GET',
      path,
      guarded: false,
      answer: async (procore) => {
        this.#begin(procore())
        return answer()
      },
    }
  }

  #begin(procore: ProcoreContext): void {
    this.#seen = new Gate()
    this.#outcome = this.#seen.opened.then(() => this.#work(procore)).then(() => DONE, codeOf)
  }

  async *#pieces(): AsyncGenerator<string> {
    yield 'first '
    await this.#outcome
    yield 'last'
  }
}
