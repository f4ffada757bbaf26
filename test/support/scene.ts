import type { RefreshMode } from '@procore-auth/simulator'
import type { TestContext } from 'vitest'
import { Application, ApplicationProcess } from './application.js'
import type { SharedStore } from './shared-stores.js'
import { Site } from './site.js'

/** What Procore may do to the old pair when it issues a new one. */
export const MODES: readonly RefreshMode[] = ['strict', 'on-use']

/** One store with an application at each kind of Procore; all of it is gone when its test ends. */
export class Scene<Shared extends SharedStore = SharedStore> {
  readonly shared: Shared
  readonly sites: readonly Site[]
  readonly #ctx: TestContext

  private constructor(ctx: TestContext, shared: Shared, sites: readonly Site[]) {
    this.#ctx = ctx
    this.shared = shared
    this.sites = sites
  }

  /** Opens one for a test. */
  static async open<Shared extends SharedStore>(
    ctx: TestContext,
    open: () => Promise<Shared>,
  ): Promise<Scene<Shared>> {
    const shared = await open()
    ctx.onTestFinished(() => shared.close())
    const sites = await Promise.all(MODES.map((mode) => Site.open(shared, mode)))
    ctx.onTestFinished(async () => {
      await Promise.all(sites.map((site) => site.close()))
    })
    return new Scene(ctx, shared, sites)
  }

  /** Starts a process. */
  async process(): Promise<ApplicationProcess> {
    const process = await ApplicationProcess.start(this.shared)
    this.#ctx.onTestFinished(() => process.kill())
    return process
  }

  /** Starts several processes. */
  async application(count: number): Promise<Application> {
    return new Application(await Promise.all(Array.from({ length: count }, () => this.process())))
  }

  /** Stores an expired grant for whoever is named in a list of cases. */
  async signInExpired(
    cases: readonly { readonly site: Site; readonly principal: string }[],
  ): Promise<void> {
    for (const site of this.sites) {
      const own = cases.filter((one) => one.site === site)
      await site.signInExpired(own.map(({ principal }) => principal))
    }
  }

  /** Refreshes that were not announced in the store; there must be none. */
  get unannounced(): readonly string[] {
    return this.sites.flatMap((site) => site.unannounced)
  }
}
