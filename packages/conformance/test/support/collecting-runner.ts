import type { TokenStore } from '@procore-auth/core'
import { type TestRunner, type TokenStoreSubject, testTokenStore } from '../../src/index.js'
import type { SoundStore } from './sound-store.js'

/** A runner that keeps the tests, to be run later. */
export class CollectingRunner implements TestRunner {
  readonly tests = new Map<string, () => Promise<void>>()
  readonly #path: string[] = []

  readonly describe = (name: string, body: () => void): void => {
    this.#path.push(name)
    body()
    this.#path.pop()
  }

  readonly test = (name: string, body: () => Promise<void>): void => {
    const path = [...this.#path.slice(1), name].join(' > ')
    if (this.tests.has(path)) throw new Error(`two tests are called ${path}`)
    this.tests.set(path, body)
  }
}

/** Runs the whole suite on a store whose time can be moved, and returns the tests that failed. */
export async function failuresOf(
  store: SoundStore,
  options: {
    readonly unreachable?: TokenStore
    readonly open?: TokenStoreSubject['open']
  } = {},
): Promise<string[]> {
  const runner = new CollectingRunner()
  const { unreachable } = options
  testTokenStore(runner, {
    name: 'store',
    open: options.open ?? (async () => ({ store })),
    shared: true,
    durable: true,
    wait: async (ms) => {
      store.now += ms
    },
    ...(unreachable && { openUnreachable: async () => ({ store: unreachable }) }),
  })
  const failures: string[] = []
  for (const [name, body] of runner.tests) await body().catch(() => failures.push(name))
  return failures
}
