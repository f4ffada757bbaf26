import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Application, ApplicationProcess, type Calls } from '../support/application.js'
import { report } from '../support/figures.js'
import { seededRandom } from '../support/random.js'
import { Scene } from '../support/scene.js'
import { type SharedStore, sharedStores } from '../support/shared-stores.js'
import type { Site } from '../support/site.js'

const kills = Number(process.env['CRASH_KILLS'] ?? 20)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const again = `again: pnpm test:crash --kills ${kills} --seed ${seed}`

/** How many victims run at the same time. */
const AT_ONCE = 3
/** How long a refresh is on its way to Procore, and its answer back, so that some die meanwhile. */
const LATENCY_MS = 25
const SURVIVORS = 2
const CALLS = 2

/** What a victim left behind. */
const TRACES = ['nothing', 'an intent', 'a request', 'a lost answer', 'a new pair'] as const
type Trace = (typeof TRACES)[number]

interface Kill {
  readonly site: Site
  readonly principal: string
  /** When, as a share of the time that a refresh takes. */
  readonly moment: number
}

interface Killed extends Kill {
  readonly trace: Trace
  /** What the calls of the others came to. */
  readonly recovery: Promise<Calls>
}

describe.concurrent.each(sharedStores)('%s: killed at random', (_name, open) => {
  test(
    `a process that is killed at a random moment of a refresh leaves a grant that works or names what was lost (${kills} times)`,
    async (ctx) => {
      const scene = await Scene.open(ctx, open)
      const { shared, sites } = scene
      const planned = plan(sites)
      for (const site of sites) {
        site.wire.latencyMs = LATENCY_MS
        const own = planned.filter((one) => one.site === site).map(({ principal }) => principal)
        const all = [...own, ...measured(site)]
        await site.signInExpired([...all, ...all.map(warmUpOf)])
      }
      const survivors = await scene.application(SURVIVORS)
      const longest = await Promise.all(sites.map((site) => measure(site, shared)))
      const spanMs = Math.max(...longest)

      const killed = await inTurns(planned, (one) => kill(one, { shared, survivors, spanMs }))
      const outcomes = await Promise.all(killed.map(check))
      expect(scene.unannounced, again).toEqual([])
      const traces = count(killed.map(({ trace }) => trace))
      if (kills >= 20) expect(Object.keys(traces).length, again).toBeGreaterThan(2)
      report(ctx, {
        'random kills': killed.length,
        ...Object.fromEntries(TRACES.map((trace) => [`that left ${trace}`, traces[trace] ?? 0])),
        recovered: outcomes.filter((state) => state === 'connected').length,
        'lost-response': outcomes.filter((state) => state === 'lost-response').length,
      })
    },
    120_000 + kills * 6_000,
  )
})

/** Decides everything that is random, so that a seed names it whatever the machine does. */
function plan(sites: readonly Site[]): Kill[] {
  const random = seededRandom(seed)
  return Array.from({ length: kills }, (_, index) => index).flatMap((index) => {
    const site = sites[index % sites.length]
    return site ? [{ site, principal: `${site.mode} ${index}`, moment: random() }] : []
  })
}

function measured(site: Site): string[] {
  return [1, 2].map((index) => `${site.mode} unharmed ${index}`)
}

/** Whose grant a process refreshes first, so that what follows takes its usual time. */
function warmUpOf(principal: string): string {
  return `${principal} warm-up`
}

/** Returns how long a refresh takes, the longest of a few. */
async function measure(site: Site, shared: SharedStore): Promise<number> {
  const times = await Promise.all(
    measured(site).map(async (principal) => {
      const unharmed = await warmUp(site, { shared, principal })
      const startedAt = performance.now()
      await unharmed.call({ auth: site.options, principal, calls: 1 })
      const ms = performance.now() - startedAt
      await unharmed.kill()
      return ms
    }),
  )
  return Math.max(...times)
}

/** Starts a process that has refreshed another grant. */
async function warmUp(
  site: Site,
  { shared, principal }: { readonly shared: SharedStore; readonly principal: string },
): Promise<ApplicationProcess> {
  const process = await ApplicationProcess.start(shared)
  await process.call({ auth: site.options, principal: warmUpOf(principal), calls: 1 })
  return process
}

async function kill(
  one: Kill,
  {
    shared,
    survivors,
    spanMs,
  }: {
    readonly shared: SharedStore
    readonly survivors: Application
    readonly spanMs: number
  },
): Promise<Killed> {
  const { site, principal, moment } = one
  const order = { auth: site.options, principal }
  const before = await site.row(principal)
  const victim = await warmUp(site, { shared, principal })
  const call = Promise.allSettled([victim.call({ ...order, calls: 1 })])
  await delay(moment * spanMs)
  await victim.kill()
  await call
  const [sent] = site.wire.of(principal)
  const after = await site.row(principal)
  const stored = after?.generation !== before?.generation
  const trace = stored
    ? 'a new pair'
    : sent?.outcome === 'issued'
      ? 'a lost answer'
      : sent
        ? 'a request'
        : after?.refreshPending
          ? 'an intent'
          : 'nothing'
  return { ...one, trace, recovery: survivors.call({ ...order, calls: CALLS }) }
}

/** Checks what the others made of what the victim left; returns the state of the grant. */
async function check({ site, principal, trace, recovery }: Killed): Promise<string> {
  const { wire, mode } = site
  const { succeeded, codes, causes } = await recovery
  const state = await site.state(principal)
  const row = await site.row(principal)
  const sent = wire.of(principal)
  const issued = wire.issued.filter((pair) => pair.principal === principal)
  const name = `${principal}, which left ${trace} (${causes.join()}); ${again}`
  expect(sent.length, name).toBeLessThanOrEqual(2)
  if (trace === 'a new pair') expect(sent.length, name).toBe(1)
  if (state === 'connected') {
    expect({ succeeded, codes }, name).toEqual({ succeeded: SURVIVORS * CALLS, codes: [] })
    expect(row?.refreshToken, name).toBe(issued.at(-1)?.refreshToken)
    if (mode === 'strict')
      expect(
        sent.filter(({ reused }) => reused),
        name,
      ).toEqual([])
  } else {
    expect([state, mode], name).toEqual(['lost-response', 'strict'])
    expect({ succeeded, codes }, name).toEqual({
      succeeded: 0,
      codes: ['ERR_PROCORE_REAUTHORIZATION_REQUIRED'],
    })
    // The pair of the sign-in is still stored; the one that the victim got was never.
    expect(issued.length, name).toBe(2)
    expect(row?.refreshToken, name).toBe(issued[0]?.refreshToken)
  }
  return state
}

/** Does a few at the same time. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const rest = items.values()
  const turns = Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) results.push(await work(item))
  })
  await Promise.all(turns)
  return results
}

function count(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
