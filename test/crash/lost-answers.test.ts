import { createProcoreAuth, type LostRefreshPolicy, type TokenStore } from '@procore-auth/core'
import type { FaultMoment } from '@procore-auth/simulator'
import { describe, expect, test } from 'vitest'
import type { Application } from '../support/application.js'
import { report } from '../support/figures.js'
import { Scene } from '../support/scene.js'
import { type SharedStore, sharedStores } from '../support/shared-stores.js'
import type { Site } from '../support/site.js'

const PROCESSES = 4
const CALLERS = 10
const POLICIES: readonly LostRefreshPolicy[] = ['resend', 'reauthorize']
const MOMENTS: readonly FaultMoment[] = ['before-commit', 'after-commit']
const REAUTHORIZE = ['ERR_PROCORE_REAUTHORIZATION_REQUIRED']

interface Case {
  readonly site: Site
  readonly auth: Site['options']
  readonly principal: string
  readonly moment: FaultMoment
  readonly processes: number
}

describe.concurrent.each(sharedStores)('%s: lost answers', (_name, open) => {
  test('a lost answer costs what docs/refresh.md says, in one process and in four', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const cases = scene.sites.flatMap(casesOf)
    await scene.signInExpired(cases)
    const application = await scene.application(PROCESSES)
    for (const { site, principal, moment } of cases) site.wire.lose(principal, moment)
    const found = await Promise.all(cases.map((one) => observe(one, application)))
    expect(found).toEqual(cases.map(expected))
    expect(scene.unannounced).toEqual([])
    report(ctx, {
      'lost answers': cases.length,
      'of them lost-response': found.filter(({ state }) => state === 'lost-response').length,
    })
  }, 120_000)

  test('a writer without a lease that rotates between read and refresh takes nothing away', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const application = await scene.application(PROCESSES)
    await Promise.all(
      scene.sites.map(async (site) => {
        const auth = site.options
        const order = { auth, principal: `raced ${site.mode}`, calls: CALLERS }
        await site.signInExpired([order.principal])
        const hold = site.wire.hold(order.principal, 'before-commit')
        const calls = application.call(order)
        await hold.reached
        const other = createProcoreAuth({ ...auth, tokenStore: withoutLeases(scene.shared) })
        await other.forUser(order.principal).get('/rest/v1.0/me')
        const rotated = await site.row(order.principal)
        hold.release()
        expect(await calls).toMatchObject({ succeeded: PROCESSES * CALLERS, codes: [] })
        expect(await site.state(order.principal)).toBe('connected')
        expect(await site.row(order.principal)).toEqual(rotated)
        expect(application.events(order.principal)).toBe(0)
        expect(site.wire.of(order.principal).map(({ outcome }) => outcome)).toEqual([
          'refused',
          'issued',
        ])
        await other.close()
      }),
    )
    report(ctx, { 'races with a writer without a lease': scene.sites.length })
  }, 120_000)
})

function casesOf(site: Site): Case[] {
  return POLICIES.flatMap((lostRefresh) =>
    MOMENTS.flatMap((moment) =>
      [1, PROCESSES].map((processes) => ({
        site,
        auth: { ...site.options, lostRefresh },
        principal: `${site.mode} ${lostRefresh} ${moment} ${processes}`,
        moment,
        processes,
      })),
    ),
  )
}

interface Observation {
  readonly principal: string
  readonly state: string
  readonly requests: number
  readonly succeeded: number
  readonly codes: readonly string[]
  readonly events: number
}

async function observe(
  { site, auth, principal, processes }: Case,
  application: Application,
): Promise<Observation> {
  const order = { auth, principal, calls: CALLERS }
  const [first] = application.processes
  const calls = await (processes === 1 ? first?.call(order) : application.call(order))
  return {
    principal,
    state: await site.state(principal),
    requests: site.wire.of(principal).length,
    succeeded: calls?.succeeded ?? 0,
    codes: calls?.codes ?? [],
    events: application.events(principal),
  }
}

/** The table of docs/refresh.md. */
function expected({ site, auth, principal, moment, processes }: Case): Observation {
  const resends = auth.lostRefresh === 'resend'
  const works = resends && (moment === 'before-commit' || site.mode === 'on-use')
  return {
    principal,
    state: works ? 'connected' : 'lost-response',
    requests: resends ? 2 : 1,
    succeeded: works ? processes * CALLERS : 0,
    codes: works ? [] : REAUTHORIZE,
    events: works ? 0 : 1,
  }
}

/** The same store for somebody who does not care about leases. */
function withoutLeases({ store }: SharedStore): TokenStore {
  return {
    get: (key) => store.get(key),
    put: (key, record, replaces) => store.put(key, record, replaces),
    delete: (key, generation) => store.delete(key, generation),
    list: (prefix) => store.list(prefix),
    acquireLease: async () => true,
    releaseLease: async () => undefined,
  }
}
