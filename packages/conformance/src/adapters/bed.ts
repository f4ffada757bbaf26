import { deepEqual } from 'node:assert/strict'
import process from 'node:process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TestRunner } from '../test-runner.js'
import { Site, type SiteSetup } from './site.js'
import type { AdapterSubject } from './subject.js'

/** What a test does with an application of its own. */
export type SiteTest = (site: Site) => Promise<void>

/** What the tests of one concern are declared with. */
export interface Bed {
  readonly describe: TestRunner['describe']
  /**
   * Declares a test with an application of its own. At its end the error handler must have been given
   * nothing that the test did not ask for, and no rejection may be left over.
   */
  readonly test: (name: string, body: SiteTest) => void
  /** The same, with another application than the usual one. */
  readonly testWith: (name: string, setup: () => SiteSetup, body: SiteTest) => void
  /** Whether the adapter keeps the session: then its answers are exact and there is a logout. */
  readonly keepsSession: boolean
}

/** Prepares the declaration of tests of one subject. */
export function createBed(runner: TestRunner, subject: AdapterSubject): Bed {
  const testWith: Bed['testWith'] = (name, setup, body) => {
    runner.test(name, () => withoutRejections(() => using(subject, { setup: setup(), body })))
  }
  return {
    describe: runner.describe,
    test: (name, body) => testWith(name, () => ({}), body),
    testWith,
    keepsSession: (subject.session ?? 'adapter') === 'adapter',
  }
}

async function using(
  subject: AdapterSubject,
  { setup, body }: { readonly setup: SiteSetup; readonly body: SiteTest },
): Promise<void> {
  const site = await Site.start(subject, setup)
  try {
    await body(site)
    site.errors(0)
  } finally {
    await site.close()
  }
}

/** Runs a test and checks that it leaves no promise behind that nobody handles. */
async function withoutRejections(body: () => Promise<void>): Promise<void> {
  const reasons: unknown[] = []
  const note = (reason: unknown): void => {
    reasons.push(reason)
  }
  process.on('unhandledRejection', note)
  try {
    await body()
    await nextTurn()
  } finally {
    process.off('unhandledRejection', note)
  }
  deepEqual(reasons.map(String), [], 'rejections that nobody handles')
}
