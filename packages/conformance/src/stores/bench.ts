import type { StoredRecord, TokenStore } from '@procore-auth/core'
import type { TestRunner } from '../test-runner.js'
import type { OpenStore, TokenStoreSubject } from './subject.js'

/** A store to try and fresh names to try it with. */
export interface Bench {
  readonly store: TokenStore
  /** A key that no other test uses. */
  readonly key: string
  /** How long a lease lasts whose end is waited for. */
  readonly leaseMs: number
  /** Waits until a lease of `leaseMs` is over. */
  readonly outwait: () => Promise<void>
}

/** What the tests of one concern are declared with. */
export interface Bed {
  readonly subject: TokenStoreSubject
  readonly describe: TestRunner['describe']
  /** Declares a test that opens its handles itself. */
  readonly declare: TestRunner['test']
  /** Declares a test with a handle of its own. */
  readonly test: (name: string, body: (bench: Bench) => Promise<void>) => void
  /** Declares a test in two parts on the same key; between them no handle is open. */
  readonly testReopened: (
    name: string,
    parts: {
      readonly before: (bench: Bench) => Promise<void>
      readonly after: (bench: Bench) => Promise<void>
    },
  ) => void
  /** Declares a test with two handles on the same data, as two processes have. */
  readonly testTwo: (name: string, body: (bench: Bench, other: TokenStore) => Promise<void>) => void
}

/** A lease that does not end within a test. */
export const LONG_MS = 60_000

const DEFAULT_LEASE_MS = 400
/** How much longer than a lease is waited for its end. */
const PATIENCE = 1.5

/** Prepares the declaration of tests of one subject. */
export function createBed(runner: TestRunner, subject: TokenStoreSubject): Bed {
  const leaseMs = subject.leaseMs ?? DEFAULT_LEASE_MS
  const wait = subject.wait ?? sleep
  const bench = (store: TokenStore): Bench => ({
    store,
    key: uniqueText(),
    leaseMs,
    outwait: () => wait(leaseMs * PATIENCE),
  })
  return {
    subject,
    describe: runner.describe,
    declare: runner.test,
    test: (name, body) => {
      runner.test(name, () => using(subject.open, (store) => body(bench(store))))
    },
    testReopened: (name, { before, after }) => {
      runner.test(name, async () => {
        const key = uniqueText()
        await using(subject.open, (store) => before({ ...bench(store), key }))
        await using(subject.open, (store) => after({ ...bench(store), key }))
      })
    },
    testTwo: (name, body) => {
      runner.test(name, () =>
        using(subject.open, (store) => using(subject.open, (other) => body(bench(store), other))),
      )
    },
  }
}

/** Opens a handle, works with it and closes it. */
export async function using(
  open: () => Promise<OpenStore>,
  work: (store: TokenStore) => Promise<void>,
): Promise<void> {
  const { store, close } = await open()
  try {
    await work(store)
  } finally {
    await close?.()
  }
}

/** Returns text that is used nowhere else. */
export function uniqueText(): string {
  return crypto.randomUUID()
}

/** Returns a record with a generation of its own. */
export function newRecord(value: string = uniqueText()): StoredRecord {
  return { generation: uniqueText().replaceAll('-', ''), value }
}

/** Returns what a list yields, sorted. */
export async function listed(store: TokenStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys.sort()
}

/** Returns `count` results of calls that are made at the same time. */
export function atOnce<Result>(
  count: number,
  call: (index: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
