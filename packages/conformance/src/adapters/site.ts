import { deepEqual, equal, ok } from 'node:assert/strict'
import { Agent } from 'node:http'
import type { ProcoreAuthOptions } from '@procore-auth/core'
import { createSimulator, type SimulatedUser, type Simulator } from '@procore-auth/simulator'
import { type Answer, Browser, JSON_ONLY, jsonOf, PAGE } from './browser.js'
import { Mount } from './mount.js'
import type { AdapterSubject, AppPlan, AppRoute, MountPlan, RunningApp } from './subject.js'
import { suiteRoutes } from './suite-routes.js'
import { SuiteStore } from './suite-store.js'

/** How the application of a test differs from the usual one. */
export interface SiteSetup {
  /** Default: `http://localhost:4567`, the path of the mount, `/auth/procore/callback`. */
  readonly redirectUri?: string
  /** Paths of the framework's routers that hold an adapter each; default: one, at the root. */
  readonly paths?: readonly string[]
  /** What a proxy in front takes off each path; default nothing. */
  readonly stripped?: string
  readonly options?: Partial<ProcoreAuthOptions>
  readonly bodyParser?: AppPlan['bodyParser']
  readonly cookie?: string
  readonly routes?: readonly AppRoute[]
  readonly users?: readonly SimulatedUser[]
  /** How long a request may take; default: what the subject says. */
  readonly patienceMs?: number
}

/** A clock of the application that a test moves. */
export class SuiteClock {
  #offset = 0

  now(): number {
    return Date.now() + this.#offset
  }

  async sleep(ms: number): Promise<void> {
    this.#offset += ms
  }

  advance(ms: number): void {
    this.#offset += ms
  }
}

const ORIGIN = 'http://localhost:4567'
const CALLBACK = '/auth/procore/callback'
const SECRET = 'secret of the suite, at least 32 characters long'

/** An application that listens, the Procores that it talks to, and what went wrong in it. */
export class Site {
  /** Who keeps the session. */
  readonly session: 'adapter' | 'application'
  readonly clock: SuiteClock
  readonly store: SuiteStore
  /** `GET /path` of every handler that ran. */
  readonly runs: string[]
  /** One for each path of the setup. */
  readonly mounts: readonly Mount[]
  readonly #app: RunningApp
  readonly #agent: Agent
  readonly #patienceMs: number
  readonly #address: { readonly origin: URL; readonly port: number; readonly stripped: string }
  #known = 0

  private constructor(parts: {
    readonly subject: AdapterSubject
    readonly clock: SuiteClock
    readonly store: SuiteStore
    readonly runs: string[]
    readonly mounts: readonly Mount[]
    readonly app: RunningApp
    readonly origin: URL
    readonly stripped: string
    readonly patienceMs: number | undefined
  }) {
    const { subject, app, origin, stripped } = parts
    this.session = subject.session ?? 'adapter'
    this.clock = parts.clock
    this.store = parts.store
    this.runs = parts.runs
    this.mounts = parts.mounts
    this.#app = app
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 })
    this.#patienceMs = parts.patienceMs ?? subject.patienceMs ?? 10_000
    this.#address = { origin, port: app.port, stripped }
  }

  /** Starts an application and as many Procores as it has mounts. */
  static async start(subject: AdapterSubject, setup: SiteSetup): Promise<Site> {
    const { paths = [''], stripped = '' } = setup
    const clock = new SuiteClock()
    const store = new SuiteStore()
    const runs: string[] = []
    const simulators: Simulator[] = []
    const plans: MountPlan[] = []
    const mounts: Mount[] = []
    try {
      for (const path of paths) {
        const redirectUri = setup.redirectUri ?? ORIGIN + path + CALLBACK
        const { users } = setup
        const procore = await createSimulator({ redirectUris: [redirectUri], users })
        simulators.push(procore)
        const common = { redirectUri, secret: SECRET, tokenStore: store, clock }
        const options = { ...credentialsOf(procore), ...common, ...setup.options }
        plans.push({ path, options, routes: [...suiteRoutes({ runs }), ...(setup.routes ?? [])] })
        mounts.push(new Mount({ procore, redirectUri, prefix: stripped + path }))
      }
      const { bodyParser = 'none', cookie, patienceMs } = setup
      const app = await subject.start({ mounts: plans, bodyParser, ...(cookie && { cookie }) })
      const origin = new URL(setup.redirectUri ?? ORIGIN)
      return new Site({ subject, clock, store, runs, mounts, app, origin, stripped, patienceMs })
    } catch (error) {
      await Promise.all(simulators.map((procore) => procore.close()))
      throw error
    }
  }

  /** The first mount; most applications have no other. */
  get mount(): Mount {
    const [first] = this.mounts
    if (!first) throw new Error('an application has at least one mount')
    return first
  }

  /** The Procore of the first mount. */
  get procore(): Simulator {
    return this.mount.procore
  }

  /** Opens a browser without cookies. */
  readonly browser = (): Browser => this.#client(PAGE)

  /** Opens a program, which wants JSON. */
  readonly program = (): Browser => this.#client(JSON_ONLY)

  /** Opens a browser and signs a user in. */
  readonly signedIn = async (user?: string): Promise<Browser> => {
    const browser = this.browser()
    await this.mount.signIn(browser, { user })
    return browser
  }

  /**
   * Checks that a request was refused. What the adapter itself answers has an exact status; where the
   * application keeps the session, the refusal may be its own, and an error in its handler's eyes.
   */
  assertRefused(answer: Answer, status: number): void {
    if (this.session === 'adapter') assertStatus(answer, status)
    else ok(answer.status >= 400 && answer.status < 600, `${answer.request}: ${answer.status}`)
    if (this.session === 'application') this.forgetErrors()
  }

  /** Checks that nobody is signed in. */
  async assertNobody(browser: Browser): Promise<void> {
    const who = await browser.get(this.mount.at('/who'))
    assertStatus(who, 200)
    deepEqual(jsonOf(who), { isAuthenticated: false })
  }

  /** Returns what the error handler was given since the last time, which has to be this many errors. */
  errors(count: number): readonly unknown[] {
    const errors = this.#app.errors.slice(this.#known)
    this.#known = this.#app.errors.length
    const messages = errors.map(String)
    equal(errors.length, count, `the error handler was given ${count} errors, not ${messages}`)
    return errors
  }

  /** Forgets what the error handler was given. */
  forgetErrors(): void {
    this.#known = this.#app.errors.length
  }

  /** Stops everything. */
  async close(): Promise<void> {
    this.#agent.destroy()
    await this.#app.close()
    await Promise.all(this.mounts.map(({ procore }) => procore.close()))
  }

  #client(accept: string): Browser {
    const connections = { agent: this.#agent, patienceMs: this.#patienceMs }
    return new Browser(this.#address, connections, accept)
  }
}

/** Checks the status of an answer. */
export function assertStatus(answer: Answer, status: number): void {
  equal(answer.status, status, `${answer.request}: ${answer.status} ${answer.text.slice(0, 300)}`)
}

function credentialsOf({ app, loginOrigin, apiOrigin }: Simulator): {
  readonly environment: { readonly loginOrigin: string; readonly apiOrigin: string }
  readonly clientId: string
  readonly clientSecret: string
} {
  const { clientId, clientSecret } = app
  return { environment: { loginOrigin, apiOrigin }, clientId, clientSecret }
}
