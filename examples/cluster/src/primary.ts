import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { optionsFromEnv, resolveProcoreAuth } from '@procore-auth/core'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { type Board, Logbook, type Member } from './logbook.js'
import { Peer } from './peer.js'
import type { AboutUser, CallProcore, Calls, ToPrimary } from './questions.js'
import { openStore, SetupError } from './store.js'

const NAMES = ['web 1', 'web 2', 'web 3', 'web 4', 'worker'] as const
const CALLS = 40
const PATIENCE_MS = 5_000

/**
 * Starts everything and keeps it running: a process that dies is replaced.
 *
 * @throws {SetupError} when the example cannot start
 * @throws {ConfigurationError} when variables for the real Procore are missing
 */
export async function startPrimary(): Promise<void> {
  const { PORT = '4567', PROCORE_CLIENT_ID, CLUSTER_NAME = 'procore_cluster' } = process.env
  const isOffline = !PROCORE_CLIENT_ID
  // All processes read their configuration from the same variables.
  process.env['CLUSTER_NAME'] = isOffline ? `${CLUSTER_NAME}_offline` : CLUSTER_NAME
  const store = openStore(process.env)
  let simulator: Simulator | undefined
  try {
    await store.prepare()
    if (isOffline) simulator = await startOfflineProcore(`http://localhost:${PORT}/callback`)
    await resolveProcoreAuth(optionsFromEnv()).close()
    const primary = new Primary(simulator)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => primary.stop())
    await primary.run(() => {
      console.log(`\n  Open http://localhost:${PORT}\n`)
      if (simulator) console.log(welcome(simulator))
    })
  } finally {
    // The offline Procore forgets everything when it ends, so its grants are of no use any more.
    if (simulator) await store.clear().catch((error: unknown) => console.error(`  ${error}`))
    await store.close()
    await simulator?.close()
  }
}

/** Holds the processes, and the logbooks of what they report. */
class Primary {
  readonly #simulator: Simulator | undefined
  readonly #peers = new Map<Member, Peer<CallProcore, Calls, ToPrimary>>()
  /** By user. */
  readonly #logbooks = new Map<string, Logbook>()
  readonly #stopping = new AbortController()

  constructor(simulator: Simulator | undefined) {
    this.#simulator = simulator
  }

  /** Resolves when the processes were told to stop and have ended. */
  async run(whenReady: () => void): Promise<void> {
    const { signal } = this.#stopping
    const stopped = once(signal, 'abort')
    try {
      const [first, ...others] = NAMES
      // One alone finds out whether the port is free.
      await this.#start(first)
      await Promise.all(others.map((name) => this.#start(name)))
      whenReady()
      await stopped
      if (signal.reason instanceof SetupError) throw signal.reason
    } finally {
      this.stop()
      await Promise.all(Object.values(cluster.workers ?? {}).map(end))
    }
  }

  stop(reason?: unknown): void {
    this.#stopping.abort(reason)
  }

  async #start(name: string): Promise<void> {
    const worker = cluster.fork({ ROLE: name === 'worker' ? 'worker' : 'web' })
    const member = { name, pid: worker.process.pid ?? 0 }
    const started = new Promise<'started'>((resolve) => {
      const peer = new Peer<CallProcore, Calls, ToPrimary>(worker, (question) => {
        if (question.kind !== 'ready') return this.#answer(member, question)
        this.#peers.set(member, peer)
        resolve('started')
      })
    })
    const died = once(worker, 'exit').then(() => {
      this.#peers.delete(member)
      return 'died' as const
    })
    // One that cannot even start would die again and again.
    if ((await Promise.race([started, died])) === 'died') {
      throw new SetupError(`${name} could not start.`)
    }
    void died.then(() => this.#replace(member))
  }

  async #replace({ name, pid }: Member): Promise<void> {
    if (this.#stopping.signal.aborted) return
    console.log(`  ${name} (process ${pid}) ended; another one takes its place.`)
    await this.#start(name).catch((error: unknown) => this.stop(error))
  }

  async #answer(by: Member, question: AboutUser): Promise<Board> {
    const { principal } = question
    const logbook = this.#logbooks.get(principal) ?? new Logbook()
    this.#logbooks.set(principal, logbook)
    if (question.kind === 'refreshed') logbook.refreshed(by)
    if (question.kind === 'called') logbook.called(by, 'job', question)
    if (question.kind === 'call-from-everywhere') await this.#callFromEverywhere(principal, logbook)
    if (question.kind === 'expire' && this.#simulator) {
      this.#simulator.expireAccessTokens()
      for (const each of this.#logbooks.values()) each.beginRound()
    }
    const refreshes = this.#simulator?.ledger.refreshes()
    const seenByProcore = refreshes?.filter(({ userId }) => userId === principal).length
    return logbook.board([...this.#peers.keys()], seenByProcore)
  }

  async #callFromEverywhere(principal: string, logbook: Logbook): Promise<void> {
    const all = [...this.#peers].map(async ([member, peer]) => {
      const result = await peer.ask({ principal, calls: CALLS })
      if (result) logbook.called(member, 'button', result)
    })
    await Promise.all(all)
  }
}

/** Asks a process to end, and waits until it has. */
async function end(worker: Worker | undefined): Promise<void> {
  if (!worker || worker.isDead()) return
  const exit = once(worker, 'exit')
  worker.process.kill('SIGTERM')
  const patience = setTimeout(() => worker.process.kill('SIGKILL'), PATIENCE_MS)
  await exit
  clearTimeout(patience)
}

/** Starts an offline Procore, and lets the variables of this and all processes lead to it. */
async function startOfflineProcore(redirectUri: string): Promise<Simulator> {
  const simulator = await createSimulator({
    redirectUris: [redirectUri],
    // Whoever presses the button often does not want to learn about rate limits.
    rateLimits: { perHour: 1_000_000, perTenSeconds: 1_000_000 },
  })
  const { clientId, clientSecret } = simulator.app
  Object.assign(process.env, {
    PROCORE_LOGIN_ORIGIN: simulator.loginOrigin,
    PROCORE_API_ORIGIN: simulator.apiOrigin,
    PROCORE_CLIENT_ID: clientId,
    PROCORE_CLIENT_SECRET: clientSecret,
    PROCORE_REDIRECT_URI: redirectUri,
    PROCORE_AUTH_SECRET: clientSecret,
  })
  return simulator
}

function welcome({ loginOrigin, users }: Simulator): string {
  const list = users.map(({ login, password }) => `    ${login}   password: ${password}`)
  return [
    `  An offline Procore answers at ${loginOrigin}; no real account is used. Log in there as`,
    ...list,
    '\n  For the real Procore set PROCORE_ENVIRONMENT, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET,',
    '  PROCORE_REDIRECT_URI and PROCORE_AUTH_SECRET first. Ctrl+C ends everything.\n',
  ].join('\n')
}
