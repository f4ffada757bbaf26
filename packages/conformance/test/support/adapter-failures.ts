import process from 'node:process'
import { type AdapterSubject, testAdapter } from '../../src/index.js'
import { CollectingRunner } from './collecting-runner.js'
import { type AdapterClass, startNodeApp } from './node-app.js'
import { SoundAdapter } from './sound-adapter.js'

/** How long a broken adapter may take to answer; most of them do not at all. */
const PATIENCE_MS = 1_000

function collect(subject: Partial<AdapterSubject>): CollectingRunner {
  const runner = new CollectingRunner()
  testAdapter(runner, { name: 'adapter', start: (plan) => startNodeApp(plan), ...subject })
  return runner
}

/** Returns the names of the tests of a subject. */
export function casesOf(subject: Partial<AdapterSubject>): string[] {
  return [...collect(subject).tests.keys()]
}

/**
 * Runs tests of the suite on an adapter and returns those that failed, with what they say.
 *
 * @param names which tests; default all
 */
export async function adapterFailures(
  Adapter: AdapterClass,
  names?: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { tests } = collect({
    start: (plan) => startNodeApp(plan, Adapter),
    ...(Adapter !== SoundAdapter && { patienceMs: PATIENCE_MS }),
  })
  const failures = new Map<string, string>()
  await whileRejectionsAreExpected(async () => {
    for (const name of names ?? tests.keys()) {
      const body = tests.get(name)
      if (!body) throw new Error(`there is no test ${name}`)
      await body().catch((error: unknown) => failures.set(name, String(error)))
    }
  })
  return failures
}

/** Keeps vitest from failing at rejections that nobody handles: it is the suite that has to. */
async function whileRejectionsAreExpected(work: () => Promise<void>): Promise<void> {
  const ignore = (): void => undefined
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', ignore)
  try {
    await work()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
}
